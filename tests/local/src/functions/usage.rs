//! What an instance costs, as the kernel counts it (`/proc/<pid>`).

use std::time::Duration;

/// Memory and processor time of one process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The most memory it ever held, in bytes (`VmHWM`).
    pub peak_memory_bytes: u64,
    /// Processor time in user and system mode, in steps of 10 ms.
    pub cpu: Duration,
}

/// What `/proc` counts times in (`USER_HZ`, 100 on every Linux that Rust runs on).
const TICK: Duration = Duration::from_millis(10);

impl Usage {
    /// Of a running process; nothing where there is no `/proc`, or no such process any more.
    pub(super) fn of_process(pid: u32) -> Option<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
        Some(Self { peak_memory_bytes: peak_memory(&read("status")?)?, cpu: cpu_time(&read("stat")?)? })
    }
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Fields 14 and 15; the second one, the name, may hold anything but ends with the last bracket.
fn cpu_time(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_formats_are_read() {
        let status = "Name:\tx\nVmPeak:\t  99 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_memory(status), Some(2 * 1024 * 1024));
        let stat = "7 (odd) name) S 1 7 7 0 -1 4194304 100 0 0 0 12 3 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_time(stat), Some(Duration::from_millis(150)));
        assert_eq!(cpu_time("7 (x"), None);
    }

    #[test]
    fn this_process_can_be_read_where_proc_exists() {
        let usage = Usage::of_process(std::process::id());
        assert_eq!(usage.is_some(), std::path::Path::new("/proc/self/stat").exists());
    }
}
