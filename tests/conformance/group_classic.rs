//! The classic group protocol against `GroupMetadataManager`: every answer of every step, and the whole group after it.
//! The order of answers at one moment is not significant.

use crate::Disagreement;
use laglab::engine::coordinator::group::group_coordinator::{Config, GroupCoordinator, Output};
use laglab::engine::coordinator::group::message::{
    Assignment, GroupRequest, GroupResponse, HeartbeatRequest, InstanceId, JoinGroupRequest, JoinGroupResponse, JoinReason,
    LeaveGroupRequest, LeaveReason, MemberId, MemberIdentity, NO_GENERATION, Protocol, ReplyTo, Subscription, SyncGroupRequest,
    SyncGroupResponse,
};
use laglab::engine::design::Assignor;
use laglab::engine::errors::Errors;
use laglab::engine::id::{GroupId, MemberIndex, NodeId, TopicId, TopicPartition};
use laglab::engine::time::{Duration, Instant};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const GROUP: GroupId = GroupId(0);
/// The clock of the original moves in ticks.
const TICK: Duration = Duration::from_millis(100);

pub fn check(file: &Value) -> Vec<Disagreement> {
    file["vectors"].as_array().expect("a file has vectors").iter().filter_map(check_vector).collect()
}

fn check_vector(vector: &Value) -> Option<Disagreement> {
    let id = vector["id"].as_str().expect("a vector has an id");
    let mut run = Run::new(&vector["config"]);
    for (number, step) in vector["steps"].as_array().expect("a vector has steps").iter().enumerate() {
        let (expected, got) = (normal(step), run.step(&step["op"]));
        if expected != got {
            // Later steps would only show what follows from this one.
            return Some(Disagreement::new(format!("{id} step {number}: {}", step["op"]), expected.to_string(), got.to_string()));
        }
    }
    None
}

/// A step without its op, with the completions in an order that does not depend on who was first.
fn normal(step: &Value) -> Value {
    let mut step = step.clone();
    let fields = step.as_object_mut().expect("a step is an object");
    fields.remove("op");
    if let Some(Value::Array(completions)) = fields.get_mut("completions") {
        completions.sort_by_key(|completion| completion.to_string());
    }
    step
}

/// Numbers for the names of a vector, in order of appearance.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        let place = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        u32::try_from(place).expect("few names")
    }
    fn name(&self, number: u32) -> &str {
        &self.0[number as usize]
    }
}

/// A JoinGroup or SyncGroup that was sent; its place in the list is its correlation id.
struct Sent {
    of: &'static str,
    member: u32,
    at: Instant,
}

struct Run {
    coordinator: GroupCoordinator,
    now: Instant,
    members: Names,
    instances: Names,
    topics: Names,
    assignments: Names,
    /// By member: the ids that it was given, and the last generation that it joined.
    ids: Vec<Vec<MemberId>>,
    generations: Vec<i32>,
    /// Ids that nobody was given.
    strangers: Names,
    /// What the vector calls each assignor.
    assignors: Vec<(String, Assignor)>,
    sent: Vec<Sent>,
}

const STRANGER: u32 = 1 << 31;

impl Run {
    fn new(config: &Value) -> Self {
        let millis = |name: &str, default| Duration::from_millis(config[name].as_u64().unwrap_or(default));
        let config = Config {
            initial_rebalance_delay: millis("group.initial.rebalance.delay.ms", 3_000),
            // Checked before the coordinator is asked, so not part of these traces.
            min_session_timeout: Duration::ZERO,
            max_session_timeout: Duration::MAX,
            group_max_size: config["group.max.size"].as_u64().map_or(usize::MAX, |size| size as usize),
        };
        Run {
            coordinator: GroupCoordinator::new(config, Instant::ZERO),
            now: Instant::ZERO,
            members: Names::default(),
            instances: Names::default(),
            topics: Names::default(),
            assignments: Names::default(),
            ids: Vec::new(),
            generations: Vec::new(),
            strangers: Names::default(),
            assignors: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn step(&mut self, op: &Value) -> Value {
        let mut result = Map::new();
        let mut completions = Vec::new();
        match op["op"].as_str().expect("a step has an op") {
            "sleep" => {
                let until = self.now + Duration::from_millis(op["ms"].as_u64().expect("a sleep has a length"));
                while self.now < until {
                    self.now = (self.now + TICK).min(until);
                    let mut out = Vec::new();
                    self.coordinator.on_timer(self.now, &mut out);
                    self.complete(out, &mut completions);
                }
            }
            "join" => self.send("join", op, &mut result, &mut completions),
            "sync" => self.send("sync", op, &mut result, &mut completions),
            "heartbeat" => {
                let request = HeartbeatRequest {
                    group: GROUP,
                    // An empty id is nobody's.
                    member_id: self.member_id(op).unwrap_or(MemberId { client: MemberIndex(STRANGER - 1), incarnation: 0 }),
                    group_instance_id: self.instance(op),
                    generation: self.generation(op),
                };
                let GroupResponse::Heartbeat(error) = self.ask(&GroupRequest::Heartbeat(request), &mut completions) else {
                    panic!("a heartbeat is answered as one");
                };
                result.insert("response".into(), json!(error.name()));
            }
            "leave" => {
                let identity =
                    MemberIdentity { member_id: self.member_id(op), group_instance_id: self.instance(op), reason: LeaveReason::Closed };
                let request = GroupRequest::LeaveGroup(LeaveGroupRequest { group: GROUP, members: vec![identity] });
                let GroupResponse::LeaveGroup(response) = self.ask(&request, &mut completions) else {
                    panic!("a leave is answered as one");
                };
                let members: Vec<&str> = response.members.iter().map(|error| error.name()).collect();
                result.insert("response".into(), json!(format!("{}/{}", response.error, members.join(","))));
            }
            "commit_check" => {
                let (member_id, instance, generation) = (self.member_id(op), self.instance(op), self.generation(op));
                let transactional = op["txn"].as_bool().unwrap_or(false);
                let checked = match self.coordinator.group(GROUP) {
                    Some(group) => group.validate_offset_commit(member_id, instance, generation, transactional),
                    None => Err(Errors::GroupIdNotFound),
                };
                result.insert("response".into(), json!(checked.err().unwrap_or(Errors::None).name()));
            }
            unknown => panic!("an op that the test does not know: {unknown}"),
        }
        if !completions.is_empty() {
            completions.sort_by_key(Value::to_string);
            result.insert("completions".into(), Value::Array(completions));
        }
        result.insert("group".into(), self.group());
        Value::Object(result)
    }

    /// Sends a JoinGroup or SyncGroup, which may be answered later.
    fn send(&mut self, of: &'static str, op: &Value, result: &mut Map<String, Value>, completions: &mut Vec<Value>) {
        let member = self.member(op);
        let request = if of == "join" { self.join_request(op) } else { self.sync_request(op) };
        let reply_to = ReplyTo { node: NodeId(0), correlation: u32::try_from(self.sent.len()).expect("few requests") };
        self.sent.push(Sent { of, member, at: self.now });
        let mut out = Vec::new();
        self.coordinator.handle(self.now, &request, reply_to, &mut out);
        let answered = out.iter().any(|output| matches!(output, Output::Respond { to, .. } if *to == reply_to));
        self.complete(out, completions);
        if !answered {
            result.insert("pending".into(), json!(true));
        }
    }

    fn join_request(&mut self, op: &Value) -> GroupRequest {
        let millis = |name: &str, default| Duration::from_millis(op[name].as_u64().unwrap_or(default));
        let strings = |value: &Value, default: &str| match value {
            Value::Array(values) => values.iter().map(|value| value.as_str().expect("a name is a text").to_owned()).collect(),
            _ => vec![default.to_owned()],
        };
        let topics: Arc<[TopicId]> = strings(&op["topics"], "t").iter().map(|topic| TopicId(self.topics.number(topic))).collect();
        let protocols: Arc<[Protocol]> = strings(&op["protocols"], "range")
            .into_iter()
            .map(|name| Protocol {
                assignor: self.assignor(&name),
                subscription: Subscription { topics: topics.clone(), owned: Arc::new([]), generation: NO_GENERATION },
            })
            .collect();
        GroupRequest::JoinGroup(JoinGroupRequest {
            group: GROUP,
            client: MemberIndex(self.member(op)),
            member_id: if op["fresh"] == json!(true) { None } else { self.member_id(op) },
            group_instance_id: self.instance(op),
            session_timeout: millis("session", 10_000),
            rebalance_timeout: millis("rebalance", 30_000),
            protocols,
            reason: JoinReason::NotProvided,
            version: if op["v4"] == json!(false) { 3 } else { JoinGroupRequest::LATEST_VERSION },
        })
    }

    fn sync_request(&mut self, op: &Value) -> GroupRequest {
        let mut assignments: Vec<(MemberId, Assignment)> = Vec::new();
        for (member, assignment) in op["assign"].as_object().into_iter().flatten() {
            let number = self.assignments.number(assignment.as_str().expect("an assignment is a text"));
            let id = self.member_id(&json!({ "member": member })).expect("partitions are assigned to members");
            assignments.push((id, Arc::new([TopicPartition(number)])));
        }
        GroupRequest::SyncGroup(SyncGroupRequest {
            group: GROUP,
            member_id: self.member_id(op).unwrap_or(MemberId { client: MemberIndex(STRANGER - 1), incarnation: 0 }),
            group_instance_id: self.instance(op),
            generation: self.generation(op),
            protocol: None,
            assignments,
        })
    }

    /// Sends what is answered at once.
    fn ask(&mut self, request: &GroupRequest, completions: &mut Vec<Value>) -> GroupResponse {
        let mut out = Vec::new();
        let mine = ReplyTo { node: NodeId(1), correlation: 0 };
        self.coordinator.handle(self.now, request, mine, &mut out);
        let is_mine = |output: &Output| matches!(output, Output::Respond { to, .. } if *to == mine);
        let place = out.iter().position(is_mine).expect("it is answered at once");
        let Output::Respond { response, .. } = out.remove(place) else { unreachable!("it was found as one") };
        self.complete(out, completions);
        response
    }

    fn complete(&mut self, out: Vec<Output>, completions: &mut Vec<Value>) {
        for output in out {
            let Output::Respond { to, response } = output else { continue };
            let Sent { of, member, at } = self.sent[to.correlation as usize];
            let response = match response {
                GroupResponse::JoinGroup(response) => self.joined(member, &response),
                GroupResponse::SyncGroup(response) => self.synced(&response),
                other => panic!("nobody waits for {other:?}"),
            };
            let member = self.members.name(member);
            let (now, at) = (self.now.as_millis(), at.as_millis());
            completions.push(json!({ "at": now, "of": of, "member": member, "sent_at": at, "response": response }));
        }
    }

    fn joined(&mut self, member: u32, response: &JoinGroupResponse) -> Value {
        if let Some(id) = response.member_id.filter(|id| id.client.0 < STRANGER) {
            let ids = &mut self.ids[member as usize];
            if id.client.0 == member && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut result = Map::new();
        result.insert("error".into(), json!(response.error.name()));
        if let Some(id) = response.member_id {
            result.insert("member_id".into(), json!(self.id_text(id)));
        }
        if response.error.is_none() {
            self.generations[member as usize] = response.generation;
            // A leader may have got its id in this very moment, before its own answer is looked at.
            let leader = response.leader.expect("a generation has a leader");
            let mut members: Vec<String> = response.members.iter().map(|member| self.id_text(member.member_id)).collect();
            members.sort();
            result.insert("generation".into(), json!(response.generation));
            result.insert("protocol".into(), json!(response.protocol.map(|assignor| self.assignor_name(assignor))));
            result.insert("leader".into(), json!(self.id_text(leader)));
            result.insert("skip_assignment".into(), json!(response.skip_assignment));
            result.insert("members".into(), json!(members));
        }
        Value::Object(result)
    }

    fn synced(&self, response: &SyncGroupResponse) -> Value {
        if !response.error.is_none() {
            return json!({ "error": response.error.name() });
        }
        let assignment = response.assignment.first().map_or("", |partition| self.assignments.name(partition.0));
        json!({ "error": "NONE", "protocol": response.protocol.map(|assignor| self.assignor_name(assignor)), "assignment": assignment })
    }

    fn group(&self) -> Value {
        let Some(group) = self.coordinator.group(GROUP) else { return Value::Null };
        let mut members: Vec<String> = Vec::new();
        for member in group.members() {
            let instance = member.group_instance_id.map(|instance| format!("@{}", self.instances.name(instance.0)));
            members.push(self.id_text(member.member_id) + &instance.unwrap_or_default());
        }
        members.sort();
        let mut result = json!({
            "now": self.now.as_millis(),
            "state": group.state().name(),
            "generation": group.generation(),
            "leader": group.leader().map_or(String::new(), |leader| self.id_text(leader)),
            "members": members,
            "pending_members": group.pending_members(),
            "awaiting_join": group.awaiting_join(),
        });
        if let Some(protocol) = group.protocol() {
            result["protocol"] = json!(self.assignor_name(protocol));
        }
        result
    }

    fn member(&mut self, op: &Value) -> u32 {
        let member = self.members.number(op["member"].as_str().expect("an op has a member"));
        self.ids.resize((member as usize + 1).max(self.ids.len()), Vec::new());
        self.generations.resize(self.ids.len(), NO_GENERATION);
        member
    }

    /// The id that the op sends: one of nobody's, none, or the last that the member was given.
    fn member_id(&mut self, op: &Value) -> Option<MemberId> {
        let member = self.member(op);
        match op["as_id"].as_str() {
            Some("") => None,
            Some(id) => Some(match self.known_id(id) {
                Some(known) => known,
                None => MemberId { client: MemberIndex(STRANGER + self.strangers.number(id)), incarnation: 0 },
            }),
            None => self.ids[member as usize].last().copied(),
        }
    }

    fn known_id(&self, text: &str) -> Option<MemberId> {
        self.ids.iter().flatten().copied().find(|&id| self.id_text(id) == text)
    }

    fn instance(&mut self, op: &Value) -> Option<InstanceId> {
        op["instance"].as_str().map(|instance| InstanceId(self.instances.number(instance)))
    }

    fn generation(&mut self, op: &Value) -> i32 {
        let member = self.member(op);
        match op["generation"].as_i64() {
            Some(generation) => i32::try_from(generation).expect("generations are small"),
            None => self.generations[member as usize],
        }
    }

    /// `A#2`: the second id that member A got. An id whose answer is still to come is the next.
    fn id_text(&self, id: MemberId) -> String {
        if id.client.0 >= STRANGER {
            return self.strangers.name(id.client.0 - STRANGER).to_owned();
        }
        let ids = &self.ids[id.client.index()];
        let place = ids.iter().position(|known| *known == id).unwrap_or(ids.len());
        format!("{}#{}", self.members.name(id.client.0), place + 1)
    }

    /// A protocol that the engine does not have is played by an assignor that the vector has not used yet: to the
    /// coordinator it is a name, and only which is the same as which counts.
    fn assignor(&mut self, name: &str) -> Assignor {
        if let Some((_, assignor)) = self.assignors.iter().find(|(known, _)| known == name) {
            return *assignor;
        }
        let namesake = ASSIGNORS.iter().find(|(known, _)| *known == name);
        let is_free = |assignor| self.assignors.iter().all(|(_, used)| *used != assignor);
        let free = namesake.or_else(|| ASSIGNORS.iter().rev().find(|(_, assignor)| is_free(*assignor)));
        let (_, assignor) = *free.expect("a vector has no more protocols than the engine has assignors");
        self.assignors.push((name.to_owned(), assignor));
        assignor
    }

    fn assignor_name(&self, assignor: Assignor) -> &str {
        let (name, _) = self.assignors.iter().find(|(_, known)| *known == assignor).expect("it was named by a member");
        name
    }
}

const ASSIGNORS: [(&str, Assignor); 4] = [
    ("range", Assignor::Range),
    ("roundrobin", Assignor::RoundRobin),
    ("sticky", Assignor::Sticky),
    ("cooperative-sticky", Assignor::CooperativeSticky),
];
