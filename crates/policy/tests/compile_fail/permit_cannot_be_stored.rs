use policy::Permit;
use policy::action::ObjectDelete;

fn store(permit: &Permit<ObjectDelete>) -> String {
    serde_json::to_string(permit).unwrap_or_default()
}

fn load(text: &str) -> Option<Permit<ObjectDelete>> {
    serde_json::from_str(text).ok()
}

fn main() {}
