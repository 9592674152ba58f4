//! The variables of a Tera template.

use tera::value::Key;
use tera::{Context, Map, Value};

use crate::render::input::InputValue;
use crate::render::{Input, InputImage};
use crate::yaml::{Kind, Node};

/// The variables of a template, by their names.
pub(super) fn context(input: &Input<'_>) -> Context {
    let mut context = Context::new();
    for (name, value) in input.variables() {
        context.insert_value(name, variable(value));
    }
    context
}

fn variable(value: InputValue<'_>) -> Value {
    match value {
        InputValue::Text(text) => Value::from(text),
        InputValue::Labels(labels) => {
            let entries = labels.iter().map(|(key, value)| (text_key(key), Value::from(*value)));
            Value::from(entries.collect::<Map>())
        }
        InputValue::Images(images) => {
            let entries = images.iter().map(|image| (text_key(image.key), self::image(image)));
            Value::from(entries.collect::<Map>())
        }
        InputValue::Tree(node) => self::value(node),
    }
}

fn image(image: &InputImage<'_>) -> Value {
    let fields = image.fields().map(|(key, value)| (Key::Str(key), Value::from(&*value)));
    Value::from(fields.collect::<Map>())
}

fn value(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::none(),
        Kind::Bool(truth) => Value::from(*truth),
        Kind::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(whole)) => Value::from(whole),
            (None, None) => Value::from(number.as_f64()),
        },
        Kind::String(text) => Value::from(&**text),
        Kind::Sequence(_) => Value::from(node.items().map(value).collect::<Vec<_>>()),
        Kind::Mapping(_) => {
            let entries = node.entries().map(|(key, node)| (text_key(key.text()), value(node)));
            Value::from(entries.collect::<Map>())
        }
    }
}

fn text_key(text: &str) -> Key<'static> {
    Key::String(text.into())
}
