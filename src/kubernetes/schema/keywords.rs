//! What a schema says, keyword by keyword.

use serde_json::{Map, Value as Json};

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// A map.
    Object,
    /// A list.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
}

impl FieldType {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }
}

/// How a list is merged, and what tells its items apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// The list is replaced as a whole.
    Atomic,
    /// Each item occurs once.
    Set,
    /// Each combination of [`Keywords::list_keys`] occurs once.
    Map,
}

/// How a map is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// The map is replaced as a whole.
    Atomic,
    /// Key by key.
    Granular,
}

/// The least or the greatest number. The server, too, compares floating-point numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberBound {
    /// The number.
    pub value: f64,
    /// Whether the number itself is out of bounds.
    pub is_exclusive: bool,
}

/// How many of something there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// The fewest.
    pub least: Option<u64>,
    /// The most.
    pub most: Option<u64>,
}

/// A rule in CEL (`x-kubernetes-validations`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRule {
    /// The expression, which is true of what is valid.
    pub rule: Box<str>,
    /// What to say if it is not.
    pub message: Option<Box<str>>,
    /// An expression for what to say, which is asked first.
    pub message_expression: Option<Box<str>>,
    /// The reason that the server gives: `FieldValueInvalid` and the like.
    pub reason: Option<Box<str>>,
    /// The field at fault, from the schema's own value: `.spec.replicas`.
    pub field_path: Option<Box<str>>,
    /// Whether `oldSelf` is an optional value, so that the rule holds for new objects too.
    pub has_optional_old_self: bool,
}

/// Fields of which at most one is set (`x-kubernetes-unions`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldUnion {
    /// The field that says which one it is, if there is such a field.
    pub discriminator: Option<Box<str>>,
    /// The fields, each with the discriminator's value for it.
    pub fields: Box<[(Box<str>, Box<str>)]>,
}

/// What a schema says of a value itself. What it says of the values in it is asked of the
/// [`Schema`](super::Schema).
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // Each is a keyword.
pub struct Keywords {
    /// The name of Kubernetes' own definition without its `io.k8s.`: `api.core.v1.PodSpec`.
    /// Rules about a type rather than a path find it by this.
    pub definition: Option<Box<str>>,
    /// The types that the value may have; any if there are none.
    pub types: Box<[FieldType]>,
    /// Whether the value may be null. To the server a null is a field that is left out.
    pub is_nullable: bool,
    /// The fields that must be there.
    pub required: Box<[Box<str>]>,
    /// The values that are allowed; all if there are none.
    pub allowed: Box<[Json]>,
    /// The value if the field is left out.
    pub default: Option<Json>,
    /// `int32`, `date-time`, `quantity` and so on.
    pub format: Option<Box<str>>,
    /// A regular expression in Go's syntax, which matches anywhere in the text.
    pub pattern: Option<Box<str>>,
    /// The least number.
    pub minimum: Option<NumberBound>,
    /// The greatest number.
    pub maximum: Option<NumberBound>,
    /// A number that divides the value.
    pub multiple_of: Option<f64>,
    /// The length of the text, in characters.
    pub length: Size,
    /// The number of items.
    pub item_count: Size,
    /// The number of fields.
    pub property_count: Size,
    /// Whether no two items are equal.
    pub has_unique_items: bool,
    /// How the list is merged. Without it a list is atomic.
    pub list_kind: Option<ListKind>,
    /// The fields that tell the items of a [`ListKind::Map`] apart.
    pub list_keys: Box<[Box<str>]>,
    /// How the map is merged. Without it a map is granular.
    pub map_kind: Option<MapKind>,
    /// How `kubectl` merges the list or map: `merge`, `replace`, `retainKeys`, or several of
    /// them with commas.
    pub patch_strategy: Option<Box<str>>,
    /// The field by which `kubectl` tells items apart.
    pub patch_merge_key: Option<Box<str>>,
    /// Whether the value is a whole number or a text.
    pub is_int_or_string: bool,
    /// Whether fields that the schema does not know are kept.
    pub preserves_unknown_fields: bool,
    /// Whether the value is an object with `apiVersion`, `kind` and `metadata`.
    pub is_embedded_resource: bool,
    /// Rules in CEL.
    pub rules: Box<[FieldRule]>,
    /// Fields of which at most one is set.
    pub unions: Box<[FieldUnion]>,
    pub(super) inner: Inner,
}

/// A schema's number in its arena.
pub(super) type SchemaId = u32;

/// Schemas by name.
type Properties = Box<[(Box<str>, SchemaId)]>;

/// The schemas in a schema.
#[derive(Debug, Clone, Default)]
pub(super) struct Inner {
    /// Sorted by name.
    pub(super) properties: Properties,
    pub(super) additional: Additional,
    pub(super) items: Option<SchemaId>,
    pub(super) all_of: Box<[SchemaId]>,
    pub(super) any_of: Box<[SchemaId]>,
    pub(super) one_of: Box<[SchemaId]>,
    pub(super) not: Option<SchemaId>,
}

impl Inner {
    /// The greatest number among them.
    pub(super) fn greatest(&self) -> Option<SchemaId> {
        let additional = match self.additional {
            Additional::Schema(id) => Some(id),
            Additional::Unsaid | Additional::Allowed(_) => None,
        };
        let named = self.properties.iter().map(|(_, id)| *id);
        let several = [&self.all_of, &self.any_of, &self.one_of].into_iter().flatten().copied();
        named.chain(several).chain(additional).chain(self.items).chain(self.not).max()
    }
}

/// What is said of fields without a name in the schema.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Additional {
    #[default]
    Unsaid,
    Allowed(bool),
    Schema(SchemaId),
}

/// A keyword whose value is not what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeywordFault {
    /// The keyword.
    pub(super) keyword: &'static str,
    /// What its value must be, in words.
    pub(super) expected: &'static str,
}

/// The keywords that hold one schema, schemas by name, and lists of schemas.
pub(super) const ONE: [&str; 3] = ["items", "additionalProperties", "not"];
pub(super) const NAMED: &str = "properties";
pub(super) const SEVERAL: [&str; 3] = ["allOf", "anyOf", "oneOf"];

impl Keywords {
    /// Reads a schema in which numbers stand for the schemas in it. Keywords that are not
    /// known are for other readers. All faults are returned together.
    pub(super) fn read(schema: &Map<String, Json>) -> Result<Self, Vec<KeywordFault>> {
        let mut of = KeywordReader::new(schema);
        let keywords = Self {
            definition: of.text("definition"),
            types: of.types(),
            is_nullable: of.flag("nullable"),
            required: of.texts("required"),
            allowed: of.list("enum").to_vec().into(),
            default: of.get("default").cloned(),
            format: of.text("format"),
            pattern: of.text("pattern"),
            minimum: of.bound("minimum", "exclusiveMinimum"),
            maximum: of.bound("maximum", "exclusiveMaximum"),
            multiple_of: of.number("multipleOf"),
            length: of.size("minLength", "maxLength"),
            item_count: of.size("minItems", "maxItems"),
            property_count: of.size("minProperties", "maxProperties"),
            has_unique_items: of.flag("uniqueItems"),
            list_kind: of.list_kind(),
            list_keys: of.texts("x-kubernetes-list-map-keys"),
            map_kind: of.map_kind(),
            patch_strategy: of.text("x-kubernetes-patch-strategy"),
            patch_merge_key: of.text("x-kubernetes-patch-merge-key"),
            is_int_or_string: of.flag("x-kubernetes-int-or-string"),
            preserves_unknown_fields: of.flag("x-kubernetes-preserve-unknown-fields"),
            is_embedded_resource: of.flag("x-kubernetes-embedded-resource"),
            rules: of.each("x-kubernetes-validations", "a list of rules", FieldRule::read),
            unions: of.each("x-kubernetes-unions", "a list of unions", FieldUnion::read),
            inner: of.inner(),
        };
        if of.faults.is_empty() { Ok(keywords) } else { Err(of.faults) }
    }
}

impl FieldRule {
    fn read(rule: &Json) -> Option<Self> {
        let mut of = KeywordReader::new(rule.as_object()?);
        let rule = Self {
            rule: of.text("rule")?,
            message: of.text("message"),
            message_expression: of.text("messageExpression"),
            reason: of.text("reason"),
            field_path: of.text("fieldPath"),
            has_optional_old_self: of.flag("optionalOldSelf"),
        };
        of.faults.is_empty().then_some(rule)
    }
}

impl FieldUnion {
    fn read(union: &Json) -> Option<Self> {
        let mut of = KeywordReader::new(union.as_object()?);
        let fields = of.get("fields-to-discriminateBy")?.as_object()?.iter();
        let fields =
            fields.map(|(name, value)| Some((name.as_str().into(), value.as_str()?.into())));
        let union = Self {
            fields: fields.collect::<Option<_>>()?,
            discriminator: of.text("discriminator"),
        };
        of.faults.is_empty().then_some(union)
    }
}

/// Reads one keyword after the other, and notes those that are not what they must be.
struct KeywordReader<'s> {
    schema: &'s Map<String, Json>,
    faults: Vec<KeywordFault>,
}

impl<'s> KeywordReader<'s> {
    fn new(schema: &'s Map<String, Json>) -> Self {
        Self { schema, faults: Vec::new() }
    }

    /// What a keyword says; one that is null says nothing.
    fn get(&self, keyword: &str) -> Option<&'s Json> {
        self.schema.get(keyword).filter(|value| !value.is_null())
    }

    fn read<T>(
        &mut self,
        keyword: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'s Json) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.get(keyword)?);
        if value.is_none() {
            self.faults.push(KeywordFault { keyword, expected });
        }
        value
    }

    fn flag(&mut self, keyword: &'static str) -> bool {
        self.read(keyword, "true or false", Json::as_bool).unwrap_or_default()
    }

    fn text(&mut self, keyword: &'static str) -> Option<Box<str>> {
        self.read(keyword, "a text", |value| value.as_str().map(Box::from))
    }

    fn number(&mut self, keyword: &'static str) -> Option<f64> {
        self.read(keyword, "a number", Json::as_f64)
    }

    fn count(&mut self, keyword: &'static str) -> Option<u64> {
        self.read(keyword, "a whole number that is not negative", Json::as_u64)
    }

    fn bound(&mut self, limit: &'static str, exclusive: &'static str) -> Option<NumberBound> {
        let is_exclusive = self.flag(exclusive);
        self.number(limit).map(|value| NumberBound { value, is_exclusive })
    }

    fn size(&mut self, least: &'static str, most: &'static str) -> Size {
        Size { least: self.count(least), most: self.count(most) }
    }

    fn list(&mut self, keyword: &'static str) -> &'s [Json] {
        self.read(keyword, "a list", Json::as_array).map_or(&[], Vec::as_slice)
    }

    /// A list of which every item can be read.
    fn each<T>(
        &mut self,
        keyword: &'static str,
        expected: &'static str,
        read: impl Fn(&'s Json) -> Option<T>,
    ) -> Box<[T]> {
        let list = self.read(keyword, expected, |list| list.as_array()?.iter().map(read).collect());
        list.unwrap_or_default()
    }

    fn texts(&mut self, keyword: &'static str) -> Box<[Box<str>]> {
        self.each(keyword, "a list of texts", |value| value.as_str().map(Box::from))
    }

    /// One type; of Kubernetes' own definitions, sometimes several.
    fn types(&mut self) -> Box<[FieldType]> {
        let types = self.read("type", "the name of a type", |value| match value {
            Json::String(name) => Some(Box::from([FieldType::named(name)?])),
            Json::Array(names) => {
                names.iter().map(|name| FieldType::named(name.as_str()?)).collect()
            }
            _ => None,
        });
        types.unwrap_or_default()
    }

    fn list_kind(&mut self) -> Option<ListKind> {
        self.read("x-kubernetes-list-type", "`atomic`, `set` or `map`", |value| {
            Some(match value.as_str()? {
                "atomic" => ListKind::Atomic,
                "set" => ListKind::Set,
                "map" => ListKind::Map,
                _ => return None,
            })
        })
    }

    fn map_kind(&mut self) -> Option<MapKind> {
        self.read("x-kubernetes-map-type", "`atomic` or `granular`", |value| {
            Some(match value.as_str()? {
                "atomic" => MapKind::Atomic,
                "granular" => MapKind::Granular,
                _ => return None,
            })
        })
    }

    fn inner(&mut self) -> Inner {
        let [items, additional, not] = ONE;
        let [all_of, any_of, one_of] = SEVERAL;
        Inner {
            properties: self.properties(),
            additional: self.additional(additional),
            items: self.schema(items),
            all_of: self.schemas(all_of),
            any_of: self.schemas(any_of),
            one_of: self.schemas(one_of),
            not: self.schema(not),
        }
    }

    fn additional(&mut self, keyword: &'static str) -> Additional {
        match self.get(keyword).and_then(Json::as_bool) {
            Some(is_allowed) => Additional::Allowed(is_allowed),
            None => self.schema(keyword).map_or(Additional::Unsaid, Additional::Schema),
        }
    }

    fn schema(&mut self, keyword: &'static str) -> Option<SchemaId> {
        self.read(keyword, "a schema", id)
    }

    fn schemas(&mut self, keyword: &'static str) -> Box<[SchemaId]> {
        self.each(keyword, "a list of schemas", id)
    }

    fn properties(&mut self) -> Properties {
        let properties = self.read(NAMED, "a map of schemas", |value| {
            let named = value.as_object()?.iter();
            let named = named.map(|(name, schema)| Some((Box::from(name.as_str()), id(schema)?)));
            named.collect::<Option<Properties>>()
        });
        let mut properties = properties.unwrap_or_default();
        properties.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        properties
    }
}

fn id(schema: &Json) -> Option<SchemaId> {
    schema.as_u64()?.try_into().ok()
}
