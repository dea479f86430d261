//! Expressions: compiled once, evaluated within a budget, giving one scalar.
//!
//! The language is CEL, read by the crate `cel`. That crate has no limit of cost, so an expression is rewritten before it runs
//! (see [`meter`]): every call, every turn of a loop and every operand pays for the size of its value. Nothing reads the clock
//! or the environment of this process: the same expression gives the same result, or the same error, on every machine.

mod functions;
mod meter;
#[cfg(test)]
mod tests;

use crate::node::Value;
use cel::common::ast::{EntryExpr, Expr};
use cel::objects::Value as Cel;
use cel::parser::Parser;
use cel::{Context, ExecutionError, IdedExpr};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// What an expression sees.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    variables: BTreeMap<&'static str, serde_json::Value>,
    env: BTreeMap<String, String>,
    compiled: Compiled,
    /// The same for the interpreter, made with the first expression.
    ready: OnceCell<Rc<Ready>>,
}

struct Ready {
    context: Context<'static, 'static>,
    meter: meter::Meter,
    /// Of the variables.
    names: String,
}

impl Scope {
    /// Variables by name (`user`, `params`, …), what `env(name)` reads (a list of the platform, never the environment of this
    /// process), and where expressions are kept that compile.
    pub(crate) fn new(
        variables: BTreeMap<&'static str, serde_json::Value>,
        env: BTreeMap<String, String>,
        compiled: Compiled,
    ) -> Self {
        Self { variables, env, compiled, ready: OnceCell::new() }
    }

    /// Gives a variable its value.
    pub(crate) fn set(&mut self, name: &'static str, value: serde_json::Value) {
        self.variables.insert(name, value);
        self.ready = OnceCell::new();
    }

    fn ready(&self) -> Result<&Ready, String> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let meter = meter::Meter::default();
        let mut context = Context::default();
        functions::add(&mut context, &meter, &self.env).map_err(|error| error.to_string())?;
        for (name, value) in &self.variables {
            context.add_variable_from_value(*name, from_json(value));
        }
        let names: Vec<&str> = self.variables.keys().copied().collect();
        let ready = Rc::new(Ready { context, meter, names: names.join(" ") });
        Ok(self.ready.get_or_init(|| ready))
    }

    /// What an expression gives here.
    ///
    /// # Errors
    /// As compiling and evaluating it do, in words.
    pub(crate) fn evaluate(&self, text: &str) -> Result<Value, String> {
        self.compiled.get(text, &self.ready()?.names)?.evaluate(self)
    }
}

/// Expressions that were compiled, by their text and the variables that there are: most are met again with the next
/// workspace. Its clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiled(Arc<Mutex<ByText>>);

/// By the names of the variables, and the text.
type ByText = HashMap<String, HashMap<String, Arc<Expression>>>;

impl Compiled {
    /// `names` are those of the variables, with a space between each two.
    fn get(&self, text: &str, names: &str) -> Result<Arc<Expression>, String> {
        let known = |all: &ByText| all.get(names)?.get(text).cloned();
        if let Some(known) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        let compiled = Arc::new(Expression::compile(text, &names.split(' ').collect::<Vec<_>>())?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Repositories and workspaces bring expressions of their own, without end.
        if all.values().map(HashMap::len).sum::<usize>() >= MAX_COMPILED {
            all.clear();
        }
        all.entry(names.to_owned()).or_default().insert(text.to_owned(), compiled.clone());
        Ok(compiled)
    }
}

/// An expression that compiles.
#[derive(Clone, Debug)]
pub(crate) struct Expression(IdedExpr);

impl Expression {
    /// Compiles; `names` are the variables that there are.
    ///
    /// # Errors
    /// In words, with the line and column inside of the text where they are known.
    pub(crate) fn compile(text: &str, names: &[&str]) -> Result<Self, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("an expression has at most {MAX_TEXT} bytes"));
        }
        bounded(text)?;
        let parsed = Parser::new().max_recursion_depth(MAX_DEPTH).error_recovery_limit(0).parse(text);
        let expr = parsed.map_err(|errors| {
            let first = errors.errors.first().map(|error| {
                let message = error.msg.lines().next().unwrap_or_default();
                format!("at {}:{} of the expression: {message}", error.pos.0, error.pos.1)
            });
            format!("the expression does not compile {}", first.unwrap_or_default()).trim_end().to_owned()
        })?;
        known(&expr, &mut names.to_vec())?;
        Ok(Self(meter::metered(expr)))
    }

    /// Evaluates to a scalar.
    ///
    /// # Errors
    /// When it fails, costs too much, or gives no scalar: in words.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, String> {
        let Ready { context, meter, .. } = scope.ready()?;
        meter.begin();
        let result = Cel::resolve(&self.0, context);
        if meter.is_spent() {
            return Err("the expression costs too much: more than 500,000 steps, or a text over 64 KiB".to_owned());
        }
        match result.map_err(told)? {
            Cel::Bool(value) => Ok(Value::Bool(value)),
            Cel::Int(value) => Ok(Value::Number(value.to_string())),
            Cel::UInt(value) => Ok(Value::Number(value.to_string())),
            Cel::Float(value) if value.is_finite() => Ok(Value::Number(value.to_string())),
            Cel::String(text) => Ok(Value::Text(text.to_string())),
            other => Err(format!(
                "the expression gives {}; it has to give a text, a number or a truth value",
                other.type_of()
            )),
        }
    }
}

/// An error of evaluation, in our words.
fn told(error: ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no {key} here; where it may be absent, ask has(….{key}) first")
        }
        ExecutionError::FunctionError { message, .. } => message,
        other => {
            let mut text = other.to_string();
            if let Some((at, _)) = text.char_indices().nth(300) {
                text.truncate(at);
                text.push('…');
            }
            format!("the expression fails: {text}")
        }
    }
}

/// The parser is recursive: brackets and chains of signs are counted before it starts.
fn bounded(text: &str) -> Result<(), String> {
    let (mut depth, mut signs, mut turns) = (0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' => turns += 1,
            '!' | '-' => signs += 1,
            _ => {}
        }
        if depth > usize::from(MAX_DEPTH) || turns > 64 || signs > 256 {
            return Err(format!("the expression nests more than {MAX_DEPTH} levels"));
        }
    }
    Ok(())
}

/// Every variable and function has to be one that there is: a branch that is not taken today is wrong today.
fn known(expr: &IdedExpr, names: &mut Vec<&str>) -> Result<(), String> {
    match &expr.expr {
        Expr::Ident(name) => {
            let name = name.trim_start_matches('.');
            if names.contains(&name) || TYPES.contains(&name) || name.starts_with('@') {
                return Ok(());
            }
            return Err(format!("there is no variable {name}; there are {}", names.join(", ")));
        }
        Expr::Call(call) => {
            if !functions::is_allowed(&call.func_name) {
                return Err(format!("there is no function {}", call.func_name));
            }
            call.target.iter().try_for_each(|target| known(target, names))?;
            call.args.iter().try_for_each(|arg| known(arg, names))?;
        }
        Expr::Select(select) => known(&select.operand, names)?,
        Expr::List(list) => list.elements.iter().try_for_each(|one| known(one, names))?,
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    known(&entry.key, names)?;
                    known(&entry.value, names)?;
                }
            }
        }
        Expr::Comprehension(loops) => {
            known(&loops.iter_range, names)?;
            known(&loops.accu_init, names)?;
            let mut inner = names.clone();
            inner.extend([loops.iter_var.as_str(), loops.accu_var.as_str()]);
            inner.extend(loops.iter_var2.as_deref());
            for part in [&loops.loop_cond, &loops.loop_step, &loops.result] {
                known(part, &mut inner)?;
            }
        }
        Expr::Struct(made) => return Err(format!("there is no type {}", made.type_name)),
        Expr::Literal(_) | Expr::Unspecified => {}
    }
    Ok(())
}

fn from_json(value: &serde_json::Value) -> Cel {
    match value {
        serde_json::Value::Null => Cel::Null,
        serde_json::Value::Bool(value) => Cel::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Cel::Int(whole),
            None => Cel::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Cel::from(text.clone()),
        serde_json::Value::Array(items) => Cel::from(items.iter().map(from_json).collect::<Vec<_>>()),
        serde_json::Value::Object(map) => {
            let map: HashMap<String, Cel> = map.iter().map(|(key, value)| (key.clone(), from_json(value))).collect();
            Cel::from(map)
        }
    }
}

const TYPES: &[&str] =
    &["int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type", "type", "duration", "timestamp"];
const MAX_TEXT: usize = 4096;
/// Of these texts, compiled, one takes some KiB.
const MAX_COMPILED: usize = 2048;
const MAX_DEPTH: u16 = 32;
