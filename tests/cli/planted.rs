//! Secrets planted wherever text can stand, and looked for in everything that the commands
//! print and write.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::support::effort::few_or_all;
use crate::support::git::git;
use crate::support::program::{rungs, transcript};
use crate::support::random::split_mix;
use crate::support::shop::{Shop, put};

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        split_mix(&mut self.0)
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let length = u64::try_from(of.len()).unwrap();
        &of[usize::try_from(self.next() % length).unwrap()]
    }

    /// A word that looks like nothing: only its place says that it is a secret.
    fn word(&mut self) -> String {
        format!("Zq{:016x}", self.next())
    }

    /// A token that is known as one wherever it stands.
    fn token(&mut self) -> String {
        let digits = format!("{:016x}{:016x}{:016x}", self.next(), self.next(), self.next());
        let form = *self.pick(&["ghp_", "glpat-", "AKIA"]);
        match form {
            "AKIA" => format!("AKIA{}", digits[..16].to_uppercase()),
            form => format!("{form}{}", &digits[..36]),
        }
    }
}

/// A repository with what was planted in it.
struct Planted {
    numbers: Numbers,
    secrets: Vec<String>,
    files: BTreeMap<String, String>,
    /// More routes of the rule's `promote`.
    promoted: Vec<&'static str>,
    /// Documents of `web` in each of the two environments.
    documents: [String; 2],
    /// What follows the image of `web`.
    after_image: String,
    /// Its tags. A hold has to name the tag that it holds back, whatever that looks like.
    tags: [String; 2],
    reason: String,
    author: String,
    remote: Option<String>,
    subject: String,
}

impl Planted {
    fn new(seed: u64) -> Self {
        Self {
            numbers: Numbers(seed),
            secrets: Vec::new(),
            files: BTreeMap::new(),
            promoted: Vec::new(),
            documents: [String::new(), String::new()],
            after_image: String::new(),
            tags: ["v2".to_owned(), "v1".to_owned()],
            reason: "it leaks".to_owned(),
            author: "Bo <bo@example.com>".to_owned(),
            remote: None,
            subject: "Begin".to_owned(),
        }
    }

    fn word(&mut self) -> String {
        let word = self.numbers.word();
        self.secrets.push(word.clone());
        word
    }

    fn token(&mut self) -> String {
        let token = self.numbers.token();
        self.secrets.push(token.clone());
        token
    }

    /// Adds a document to both environments, with another secret in each.
    fn documents(&mut self, promoted: Option<&'static str>, text: &str) {
        self.promoted.extend(promoted);
        for environment in 0..2 {
            let secret = self.word();
            let text = text.replace("SECRET", &secret);
            write!(self.documents[environment], "---\n{text}").unwrap();
        }
    }

    /// Adds another app's file, which cannot be read.
    fn broken(&mut self) {
        let text = *self.numbers.pick(&BROKEN);
        let secret = self.word();
        let text = format!("image: x/api:v1\n{}", text.replace("SECRET", &secret));
        self.files.insert("qa/api.yaml".to_owned(), text);
    }

    fn everything(mut self) -> (Shop, Self) {
        let promoted = self.promoted.join(", ");
        let rule = "kind: manifest, path: '{environment}/{app}.yaml'";
        let mut settings = format!("version: 1\nladder: [qa, prod]\nsites:\n- {{ {rule}");
        if !promoted.is_empty() {
            write!(settings, ", promote: [{promoted}]").unwrap();
        }
        settings += " }\n";
        let configured = self.files.remove("rungs.yaml");
        self.files.insert("rungs.yaml".to_owned(), settings + &configured.unwrap_or_default());
        for (at, environment) in ["qa", "prod"].into_iter().enumerate() {
            let (tag, after) = (&self.tags[at], &self.after_image);
            let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:";
            let image = format!("  - {{ name: web, image: \"x/web:{tag}\" }}{after}");
            let text = format!("{pod}\n{image}\n{}", self.documents[at]);
            self.files.insert(format!("{environment}/web.yaml"), text);
        }
        let shop = Shop::of(&self.files);
        shop.elsewhere(&self.subject.clone(), &[("README", Some("x\n"))]);
        shop.pull();
        if let Some(address) = &self.remote {
            git(&shop.clone, &["remote", "set-url", "origin", address]);
        }
        (shop, self)
    }
}

/// Texts that are not YAML, or that Kubernetes does not read.
const BROKEN: [&str; 14] = [
    "password: SECRET\npassword: b\n",
    "password: \"SECRET\n",
    "password SECRET\nx: 1\n",
    "db: { password: SECRET\n",
    "db: [password, SECRET\n",
    "token: SECRET: x\n",
    "stringData:\n  a: SECRET\n  a: b\n",
    "kind: Secret\ndata:\n  a: SECRET\n   b: c\n",
    "env:\n- name: DB_PASSWORD\n  value: SECRET\n  value: b\n",
    "env:\n- value: SECRET\n  name: DB_PASSWORD\n  value: b\n",
    "a: *SECRET\n",
    "password: *SECRET\n",
    "x: 1 # SECRET\nx: 2\n",
    "<<<<<<< HEAD\npassword: SECRET\n=======\npassword: b\n>>>>>>> x\n",
];

/// Each plants secrets in one sort of place.
const PLACES: [fn(&mut Planted); 17] = [
    |it| {
        let secret =
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { config: SECRET }\n";
        it.documents(Some("stringData.config"), secret);
    },
    |it| {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata:\n  user: SECRET\n";
        it.documents(Some("data.user"), secret);
    },
    |it| {
        let job = "kind: Job\nenv:\n- { name: DB_PASSWORD, value: SECRET }\n";
        it.documents(Some("env[0].value"), job);
    },
    |it| it.documents(Some("db"), "kind: Config\ndb: { host: h, password: \"SECRET\" }\n"),
    |it| it.documents(Some("passwords"), "kind: Config\npasswords: [a, SECRET]\n"),
    |it| it.documents(Some("dsn"), "kind: Config\ndsn: \"postgres://me:SECRET@h/db\"\n"),
    |it| {
        let key = "kind: Config\nca: |\n  -----BEGIN RSA PRIVATE KEY-----\n  SECRET\n  -----END RSA PRIVATE KEY-----\n";
        it.documents(Some("ca"), key);
    },
    |it| it.documents(Some("file"), "kind: Config\nfile: |\n  host: h\n  password: SECRET\n"),
    |it| {
        let word = it.word();
        it.after_image = format!("  # the old password is {word}");
    },
    |it| it.tags = [it.token(), "v1".to_owned()],
    |it| {
        let (name, text) = (it.token(), "kind: Pod\nspec:\n  containers:\n  - image: x/y:v1\n");
        it.files.insert(format!("qa/{name}.yaml"), text.to_owned());
    },
    |it| it.reason = format!("see https://me:{}@example.com", it.word()),
    |it| it.reason = format!("the token is {}", it.token()),
    |it| it.author = format!("Bo {} <bo@example.com>", it.token()),
    |it| {
        let (scheme, token) = (*it.numbers.pick(&["https", "http", "git", "ssh"]), it.token());
        it.remote = Some(format!("{scheme}://{token}00000000@127.0.0.1:9/o/r.git"));
    },
    |it| it.subject = format!("Use {}", it.token()),
    |it| it.broken(),
];

/// The commands that look, and then those that change something.
fn commands(planted: &Planted) -> Vec<Vec<String>> {
    let reason = ["--reason", &planted.reason];
    let author = ["--author", &planted.author];
    let lines: [(&str, &[&str]); 22] = [
        ("status", &[]),
        ("status web", &[]),
        ("status api", &[]),
        ("gates web --to prod", &[]),
        ("gates api --to prod", &[]),
        ("gates --replay 12mo", &[]),
        ("values web --env qa", &[]),
        ("render --check", &[]),
        ("audit", &[]),
        ("hold list", &[]),
        ("set web --env qa web=:v3 --dry-run", &[]),
        ("set --in qa --route password=x --dry-run", &[]),
        ("set --in qa x/web:v3 --dry-run", &[]),
        ("set --in qa --git nothing=v3 --dry-run", &[]),
        ("promote web --to prod --dry-run", &[]),
        ("promote --all --to prod --dry-run", &[]),
        ("promote web --to prod --commit", &author),
        ("hold set web --env prod --commit", &reason),
        ("rollback web --env prod --commit", &reason),
        ("gates --base HEAD~1", &[]),
        ("audit", &[]),
        ("hold list", &[]),
    ];
    let words = lines.iter().map(|(line, more)| line.split(' ').chain(more.iter().copied()));
    words.map(|words| words.map(str::to_owned).collect()).collect()
}

const FORMATS: [&str; 6] = ["text", "json", "sarif", "junit", "github", "gitlab"];

/// The formats of data that a command writes besides.
fn data_formats(command: &[String]) -> &'static [&'static str] {
    match command[0].as_str() {
        "audit" => &["csv", "html"],
        "status" | "gates" => &["markdown"],
        _ => &[],
    }
}

/// Fails if one of the secrets is in a text.
#[track_caller]
fn has_none(planted: &Planted, seed: u64, what: &str, text: &str) {
    for secret in &planted.secrets {
        assert!(!text.contains(secret.as_str()), "seed {seed}: `{secret}` in {what}:\n{text}");
    }
}

#[test]
fn no_command_prints_or_writes_a_secret_wherever_it_was_planted() {
    let rounds = few_or_all(1, 4);
    for seed in 0..u64::try_from(PLACES.len() * rounds).unwrap() {
        let mut planted = Planted::new(seed);
        // Each place in turn, and often another one.
        PLACES[usize::try_from(seed).unwrap() % PLACES.len()](&mut planted);
        let other = *planted.numbers.pick(&PLACES);
        if planted.numbers.next().is_multiple_of(2) {
            other(&mut planted);
        }
        if planted.numbers.next().is_multiple_of(3) {
            planted.broken();
        }
        look(seed, planted);
    }
}

fn look(seed: u64, planted: Planted) {
    let (shop, mut planted) = planted.everything();
    for command in commands(&planted) {
        let formats = [&FORMATS[..], data_formats(&command)].concat();
        // A change is made once.
        let changes = command.contains(&"--commit".to_owned());
        let count = if changes { 1 } else { few_or_all(2, formats.len()) };
        let start = usize::try_from(planted.numbers.next() % 8).unwrap();
        for at in start..start + count {
            let format = formats[at % formats.len()];
            let arguments =
                [&command[..], &["--format".to_owned(), format.to_owned(), "-v".to_owned()]]
                    .concat();
            let output = rungs(&shop.clone, &arguments);
            assert_ne!(output.status.code(), Some(70), "{}", transcript(&output));
            let what = format!("{command:?} --format {format}");
            has_none(&planted, seed, &what, &transcript(&output));
        }
        if changes && planted.remote.is_none() {
            shop.pull();
        }
    }
    // What others wrote into their messages is theirs.
    let ours = git(&shop.remote.bare(), &["log", "--format=%B", "--grep=^Rungs-", "main"]);
    has_none(&planted, seed, "a commit's message", &ours);
    let paths = git(&shop.remote.bare(), &["ls-tree", "-r", "--name-only", "main"]);
    let holds = paths.lines().filter(|path| path.starts_with(".rungs/"));
    let holds: String = holds.map(|path| shop.file(path)).collect();
    planted.secrets.retain(|secret| !planted.tags.contains(secret));
    has_none(&planted, seed, "a hold", &holds);
}

#[test]
fn templates_that_cannot_be_rendered_show_no_secret() {
    for (template, values) in [
        ("stringData:\n  a: SECRET{{ values.x | nosuch }}\n", "x: 1\n"),
        ("stringData:\n  a: {{ values.nothing }} # SECRET\n", "x: 1\n"),
        ("stringData:\n  a: plain SECRET: x\n", "x: 1\n"),
        ("stringData:\n  a: {{ values.password }}: x\n", "password: SECRET\n"),
        ("stringData: [SECRET]\nstringData: 1\n", "x: 1\n"),
        ("data:\n  a: {{ values.cfg.token | nosuch }}\n", "cfg: { token: SECRET }\n"),
        ("data:\n  a: {{ values.dsn }}: b\n", "dsn: \"postgres://u:SECRET@h/d\"\n"),
    ] {
        for name in ["s.yaml.tera", "s.yaml"] {
            let secret = Numbers(7).word();
            let object = "apiVersion: v1\nkind: Secret\nmetadata: { name: web }\n";
            let shop = Shop::native(&[]);
            let text = format!("{object}{template}").replace("SECRET", &secret);
            put(&shop.clone, &format!("templates/web/{name}"), Some(&text));
            let file = shop.clone.join("environments/qa/web.yaml");
            let own = fs::read_to_string(&file).unwrap();
            let with = format!("{own}values: {{ {} }}\n", values.trim()).replace("SECRET", &secret);
            fs::write(&file, with).unwrap();
            for command in
                [&["render"][..], &["render", "--check"], &["values", "web", "--env", "qa"]]
            {
                for format in FORMATS {
                    let output = rungs(&shop.clone, &[command, &["--format", format]].concat());
                    let text = transcript(&output);
                    assert!(!text.contains(&secret), "{command:?} {template}:\n{text}");
                }
            }
        }
    }
}
