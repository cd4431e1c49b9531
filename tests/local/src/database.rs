//! The embedded `DynamoDB`, with the tables of the template.
//!
//! Items whose time to live is over are kept: a day that is played may lie long ago.

use std::net::SocketAddr;
use std::path::Path;

use dynoxide::{Database as Engine, DynoxideError};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::template::{Table, Template};

/// Why the database is not there.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file, the folder or the port can't be used.
    #[error("opening the database: {0}")]
    Open(String),
    /// A table can't be created as the template has it.
    #[error("creating the table {table}: {reason}")]
    CreateTable {
        /// Its name.
        table: String,
        /// What `DynamoDB` says.
        reason: String,
    },
}

/// A running database server; it stops when it is dropped.
pub struct Database {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Database {
    /// Starts one: in a folder, where tables and items stay, or in memory.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn start(folder: Option<&Path>, template: &Template) -> Result<Self, DatabaseError> {
        let engine = open(folder)?;
        for table in &template.tables {
            create(&engine, table)
                .map_err(|reason| DatabaseError::CreateTable { table: table.name.clone(), reason })?;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(|error| DatabaseError::Open(error.to_string()))?;
        let address = listener.local_addr();
        let address = address.map_err(|error| DatabaseError::Open(error.to_string()))?;
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let stopped = async {
                // It ends when the sender is dropped.
                let _ = stopped.await;
            };
            let served = dynoxide::server::serve_with_shutdown(listener, engine, stopped).await;
            if let Err(error) = served {
                tracing::error!(%error, "the database stopped");
            }
        });
        Ok(Self { address, _stop: stop })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn open(folder: Option<&Path>) -> Result<Engine, DatabaseError> {
    let failed = |reason: String| DatabaseError::Open(reason);
    let Some(folder) = folder else {
        return Engine::memory().map_err(|error| failed(error.to_string()));
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(format!("{}: {error}", folder.display())))?;
    let file = folder.join("dynamodb.sqlite");
    let path = file.to_str().ok_or_else(|| failed(format!("{} is no text", file.display())))?;
    Engine::new(path).map_err(|error| failed(format!("{path}: {error}")))
}

/// Creates the table, unless it is there from an earlier run.
fn create(engine: &Engine, table: &Table) -> Result<(), String> {
    match engine.create_table(request(table.creation.clone())?) {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    }
    let Some(attribute) = &table.expiry_attribute else {
        return Ok(());
    };
    let expiry = json!({
        "TableName": table.name,
        "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
    });
    engine.update_time_to_live(request(expiry)?).map(|_| ()).map_err(|error| error.to_string())
}

fn request<T: serde::de::DeserializeOwned>(json: Json) -> Result<T, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}
