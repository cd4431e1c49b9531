use super::*;

fn read(text: &str) -> Template {
    let setting = Setting {
        endpoint: "http://127.0.0.1:4000".to_owned(),
        parameters: BTreeMap::from([("Given".to_owned(), "given".to_owned())]),
    };
    Template::parse(text, &setting).expect("the template is read")
}

fn failure(text: &str) -> String {
    Template::parse(text, &Setting::default()).expect_err("the template is refused").to_string()
}

#[test]
fn the_projects_own_template_is_read() {
    let template = read(include_str!("../../../../template.yaml"));
    let function = |binary: &str| template.functions.iter().find(|function| function.binary == binary).unwrap();
    let logger = function("interruption-logger");
    let table = template.tables.iter().find(|table| table.name == logger.environment["AGENT_SESSIONS_TABLE"]).unwrap();
    assert_eq!(table.expiry_attribute.as_deref(), Some("expires_at"));
    assert_eq!(logger.environment["OUTCOME_BUS"], template.buses[0].name);
    assert_eq!(logger.environment["INTERRUPTIBLE_MEDIA"], "EMAIL");

    let mapping = template.event_source_mappings.iter().find(|mapping| mapping.function == logger.name).unwrap();
    assert_eq!((mapping.batch_size, mapping.maximum_concurrency), (500, Some(5)));
    assert!(mapping.reports_item_failures);

    let target = Target::Queue(mapping.queue.clone());
    let rule = template.rules.iter().find(|rule| rule.targets == [target.clone()]).unwrap();
    assert_eq!(rule.bus, "EventBusName");
    assert_eq!(rule.pattern["source"][0]["prefix"], "aws.partner/genesys.com");

    for function in [logger, function("ghost-disconnector")] {
        let target = Target::Function(function.name.clone());
        let schedule = template.schedules.iter().find(|schedule| schedule.target == target).unwrap();
        assert_eq!(schedule.expression, "rate(1 minute)");
    }
    assert!(!function("ghost-watcher").environment.keys().any(|name| name.starts_with("GENESYS_CLOUD")));

    let dead = ["GhostDisconnector", "GhostWatcher", "InterruptionLogger", "QueueDrainer"]
        .map(|name| format!("{name}DeadLetterQueue"));
    assert_eq!(template.unread_queues().collect::<Vec<_>>(), dead);
}

#[test]
fn intrinsic_functions_are_resolved() {
    let template = read(
        r#"
Parameters:
  Given: { Type: String, Default: default }
  List: { Type: CommaDelimitedList, Default: "a, b" }
  Number: { Type: Number, Default: 7 }
  Absent: { Type: String }
Conditions:
  Late: !And [!Condition Early, !Not [!Equals [!Ref Given, default]]]
  Early: !Equals [!Ref Given, given]
Mappings:
  Sizes: { small: { memory: 64 } }
Globals:
  Function:
    Timeout: 9
    Environment: { Variables: { FROM_GLOBALS: here } }
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/worker/
      MemorySize: !FindInMap [Sizes, small, memory]
      ReservedConcurrentExecutions: !Ref Number
      Environment:
        Variables:
          JOINED: !Join ["+", !Ref List]
          QUEUE: !Ref Work
          ARN: !Sub "${Work.Arn}/${!Literal}/${Given}"
          LONG: { "Fn::Sub": ["${x}-${AWS::Region}", { x: 1 }] }
          CHOSEN: !If [Late, !Select [1, !Split [",", "x,y"]], z]
          NONE: !If [Late, !Ref AWS::NoValue, z]
          ABSENT: !Ref Absent
          ALIAS: !Ref Worker.Alias
  Work: { Type: AWS::SQS::Queue }
  Off:
    Type: AWS::SQS::Queue
    Condition: Never
  Alarm: { Type: AWS::CloudWatch::Alarm, Properties: { Threshold: !GetAtt Anything.Value } }
"#
        .replace("Condition: Never", "Condition: Early")
        .as_str(),
    );
    let worker = &template.functions[0];
    assert_eq!(worker.binary, "worker");
    assert_eq!((worker.timeout_seconds, worker.memory_mb), (9, 64));
    assert_eq!(worker.reserved_concurrency, Some(7));
    let expected = [
        ("ABSENT", "Absent"),
        ("ALIAS", "arn:aws:lambda:eu-west-1:000000000000:function:Worker"),
        ("ARN", "arn:aws:sqs:eu-west-1:000000000000:Work/${Literal}/given"),
        ("CHOSEN", "y"),
        ("FROM_GLOBALS", "here"),
        ("JOINED", "a+b"),
        ("LONG", "1-eu-west-1"),
        ("QUEUE", "http://127.0.0.1:4000/000000000000/Work"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(worker.environment, BTreeMap::from(expected));
}

#[test]
fn a_resource_whose_condition_is_false_is_left_out() {
    let template = read(
        r"
Conditions: { Never: !Equals [a, b] }
Resources:
  Off: { Type: AWS::SQS::Queue, Condition: Never }
",
    );
    assert!(template.queues.is_empty());
}

#[test]
fn events_that_sam_declares_on_a_function_are_read() {
    let template = read(
        r"
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: worker } }
    Properties:
      EventInvokeConfig: { MaximumRetryAttempts: 1 }
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      Events:
        Queue:
          Type: SQS
          Properties: { Queue: !GetAtt Work.Arn, FunctionResponseTypes: [ReportBatchItemFailures] }
        Asked:
          Type: EventBridgeRule
          Properties: { EventBusName: !Ref Bus, Pattern: { source: [me] } }
        Web: { Type: HttpApi, Properties: { Path: /, Method: get } }
        Nightly: { Type: Schedule, Properties: { Schedule: cron(0 3 * * ? *), Input: '{}' } }
        Off: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), State: DISABLED } }
  Work:
    Type: AWS::SQS::Queue
    Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub '${AWS::StackName}-dead' } }
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: outcomes } }
  Policy: { Type: AWS::SSM::Parameter, Properties: { Name: /a/policy, Type: String, Value: 'version: 1' } }
",
    );
    let worker = &template.functions[0];
    assert_eq!(worker.asynchronous_retries, 1);
    assert_eq!(worker.on_failure_queue.as_deref(), Some("local-dead"));
    assert_eq!(template.event_source_mappings[0].queue, "Work");
    assert_eq!(template.event_source_mappings[0].batch_size, 10);
    assert_eq!(template.rules[0].bus, "outcomes");
    assert_eq!(template.schedules.len(), 1);
    assert_eq!(template.schedules[0].input.as_deref(), Some("{}"));
    let redrive = template.queues.iter().find_map(|queue| queue.redrive.as_ref());
    assert_eq!(redrive.map(|redrive| redrive.queue.as_str()), Some("local-dead"));
    assert_eq!(template.stored_parameters["/a/policy"], "version: 1");
}

#[test]
fn errors_name_the_resource_and_the_property() {
    let cases = [
        (
            "Resources: { Work: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: long } } }",
            "Work: VisibilityTimeout is wrong",
        ),
        (
            "Resources: { Work: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !Ref Gone } } }",
            "Work: DelaySeconds refers to the unknown Gone",
        ),
        (
            "Resources: { Run: { Type: AWS::Serverless::Function, Properties: { Timeout: 3 } } }",
            "Run: Metadata.BuildProperties.Binary is missing",
        ),
        (
            "Resources: { Work: { Type: AWS::SQS::Queue, Condition: Odd } }",
            "Work: Condition names the unknown condition Odd",
        ),
        ("Resources: [", "is not YAML"),
    ];
    for (text, expected) in cases {
        let message = failure(text);
        assert!(message.contains(expected), "{message} should contain {expected}");
    }
}
