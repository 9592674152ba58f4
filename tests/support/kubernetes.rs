//! A real Kubernetes API server with its own etcd, on the loopback interface.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::component::{self, Process};
use super::connection::{self, Request, Response};
use super::program::{path_of, scrubbed};

const TOKEN: &str = "of-this-run-only";
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How often a start is tried when another process takes the chosen port.
const STARTS: usize = 3;

/// A running API server. It ends when the last test that holds it ends.
pub struct ApiServer {
    // In the order in which they are stopped.
    server: Process,
    _etcd: Process,
    port: u16,
    directory: TempDir,
}

/// A kind that the server knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    pub group: String,
    pub version: String,
    pub kind: String,
    /// Its name in paths: `deployments`.
    pub plural: String,
    pub namespaced: bool,
}

/// An object as YAML, with the parts of its address.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The name that failures show.
    pub name: String,
    pub api_version: String,
    pub kind: String,
    pub namespace: Option<String>,
    pub text: String,
}

impl Manifest {
    /// Reads a file that holds one object.
    ///
    /// # Panics
    ///
    /// If the file does not hold one object.
    pub fn read(name: &str, text: &str) -> Self {
        let path = RepoPath::new(name).expect("a relative path");
        let file = Arc::new(SourceFile::new(path, text.to_owned()));
        let documents = yaml::parse(&file, yaml::Dialect::Kubectl);
        let documents = documents.unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        let [object] = &documents[..] else { panic!("{name} holds {} objects", documents.len()) };
        let root = object.root();
        let string = |node: Option<yaml::Node<'_>>| Some(node?.as_str()?.to_owned());
        let required = |key: &str| {
            string(root.get(key)).unwrap_or_else(|| panic!("{name} does not give its {key}"))
        };
        Self {
            name: name.to_owned(),
            api_version: required("apiVersion"),
            kind: required("kind"),
            namespace: string(root.get("metadata").and_then(|metadata| metadata.get("namespace"))),
            text: text.to_owned(),
        }
    }
}

/// The server's answer to one request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Json,
}

impl Answer {
    pub fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.body["message"].as_str().unwrap_or("without a message");
        write!(f, "{} {message}", self.status)
    }
}

/// Whether the server keeps what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Yes,
    No,
}

impl ApiServer {
    /// The server that the tests of this binary share; none, with a line that
    /// says so, if a component is absent.
    pub fn shared() -> Option<Arc<Self>> {
        // Not a `OnceLock`: what a static owns is never dropped, and the
        // server would outlive the tests.
        static SHARED: Mutex<Weak<ApiServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    fn start() -> Option<Self> {
        let binary = std::env::var_os("RUNGS_KUBE_APISERVER").filter(|path| !path.is_empty());
        let binary = binary.map_or_else(|| component::built("kube-apiserver"), PathBuf::from);
        if !binary.is_file() {
            component::absent(&format!(
                "there is no Kubernetes API server at {}",
                binary.display()
            ));
            return None;
        }
        for program in ["etcd", "openssl"] {
            if path_of(program).is_none() {
                component::absent(&format!("`{program}` is not installed"));
                return None;
            }
        }
        let mut failure = String::new();
        for _ in 0..STARTS {
            match Self::try_start(&binary) {
                Ok(server) => return Some(server),
                Err(error) => failure = error.to_string(),
            }
        }
        panic!("the API server does not start: {failure}")
    }

    fn try_start(binary: &Path) -> io::Result<Self> {
        let directory = crate::support::directory::temporary()?;
        let [client, peer, secure] = component::free_ports()?;
        let etcd = start_etcd(directory.path(), client, peer)?;
        let server = start_server(binary, directory.path(), client, secure)?;
        let mut started = Self { server, _etcd: etcd, port: secure, directory };
        let ready = component::wait_until(READY_WITHIN, || {
            started.server.ended().is_some() || started.is_ready()
        });
        if ready && started.server.ended().is_none() {
            return Ok(started);
        }
        Err(io::Error::other(started.server.last_words()))
    }

    fn is_ready(&self) -> bool {
        let ready = self.exchange(&[Request { path: "/readyz".to_owned(), body: None }]);
        ready.is_ok_and(|answers| answers[0].status == 200)
    }

    /// Every kind that the server knows, in all of its versions.
    pub fn resources(&self) -> Vec<Resource> {
        let groups = self.get("/apis");
        let versions = groups["groups"].as_array().into_iter().flatten();
        let versions =
            versions.flat_map(|group| group["versions"].as_array().into_iter().flatten());
        let mut paths = vec!["/api/v1".to_owned()];
        paths.extend(
            versions.filter_map(|v| Some(format!("/apis/{}", v["groupVersion"].as_str()?))),
        );
        let mut resources: Vec<_> =
            paths.iter().flat_map(|path| resources_of(&self.get(path))).collect();
        resources.sort();
        resources
    }

    /// The answer to a `GET` of a path.
    ///
    /// # Panics
    ///
    /// If the server has nothing there.
    pub fn get(&self, path: &str) -> Json {
        let request = Request { path: path.to_owned(), body: None };
        let answer = self.send(&[request], 1).remove(0);
        assert!(answer.is_accepted(), "{path}: {answer}");
        answer.body
    }

    /// Has each object created, one after the other over one connection, with
    /// every field checked. The answers come in the same order.
    pub fn create(&self, manifests: &[Manifest], keep: Keep) -> Vec<Answer> {
        let resources = self.resources();
        let requests: Vec<_> = manifests
            .iter()
            .map(|manifest| Request {
                path: creation(&resources, manifest, keep),
                body: Some(("application/yaml", manifest.text.clone())),
            })
            .collect();
        self.send(&requests, 1)
    }

    /// The answers to requests, which are shared out to as many connections.
    ///
    /// # Panics
    ///
    /// If the server does not answer all of them.
    pub fn send(&self, requests: &[Request], connections: usize) -> Vec<Answer> {
        let share = requests.len().div_ceil(connections).max(1);
        let responses: Vec<_> = std::thread::scope(|scope| {
            let shares = requests.chunks(share);
            let senders: Vec<_> =
                shares.map(|share| scope.spawn(|| self.exchange(share))).collect();
            let sent = senders.into_iter().map(|sender| sender.join().expect("sending ends"));
            sent.flat_map(|responses| responses.expect("the server answers")).collect()
        });
        let answer = |response: Response| Answer {
            status: response.status,
            body: serde_json::from_slice(&response.body).unwrap_or_default(),
        };
        responses.into_iter().map(answer).collect()
    }

    fn exchange(&self, requests: &[Request]) -> io::Result<Vec<Response>> {
        let certificate = self.directory.path().join("certificates/apiserver.crt");
        connection::exchange(self.port, &certificate, TOKEN, requests)
    }
}

impl fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiServer").field("port", &self.port).finish_non_exhaustive()
    }
}

fn start_etcd(directory: &Path, client: u16, peer: u16) -> io::Result<Process> {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let mut etcd = scrubbed("etcd");
    etcd.arg("--data-dir").arg(directory.join("etcd"));
    etcd.arg("--unsafe-no-fsync");
    etcd.arg("--listen-client-urls").arg(url(client));
    etcd.arg("--advertise-client-urls").arg(url(client));
    etcd.arg("--listen-peer-urls").arg(url(peer));
    etcd.arg("--initial-advertise-peer-urls").arg(url(peer));
    etcd.arg("--initial-cluster").arg(format!("default={}", url(peer)));
    Process::start(&mut etcd, directory.join("etcd.log"))
}

fn start_server(binary: &Path, directory: &Path, etcd: u16, port: u16) -> io::Result<Process> {
    let key = directory.join("service-accounts.key");
    let mut openssl = scrubbed("openssl");
    openssl.args(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]).arg(&key);
    let made = openssl.stdin(Stdio::null()).output()?;
    if !made.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
    }
    let tokens = directory.join("tokens.csv");
    fs::write(&tokens, format!("{TOKEN},admin,1,\"system:masters\"\n"))?;

    let mut server = scrubbed(binary);
    server.arg(format!("--etcd-servers=http://127.0.0.1:{etcd}"));
    server.arg("--bind-address=127.0.0.1").arg(format!("--secure-port={port}"));
    server.arg("--cert-dir").arg(directory.join("certificates"));
    server.arg("--service-account-issuer=https://kubernetes.default.svc");
    server.arg("--service-account-key-file").arg(&key);
    server.arg("--service-account-signing-key-file").arg(&key);
    server.arg("--token-auth-file").arg(tokens);
    server.arg("--authorization-mode=RBAC");
    server.arg("--service-cluster-ip-range=10.0.0.0/24");
    // As in clusters: privileged containers are judged by policies.
    server.arg("--allow-privileged=true");
    // No controller makes the service accounts that this would wait for.
    server.arg("--disable-admission-plugins=ServiceAccount");
    server.arg("--endpoint-reconciler-type=none");
    Process::start(&mut server, directory.join("server.log"))
}

fn resources_of(list: &Json) -> Vec<Resource> {
    let (group, version) = split_api_version(list["groupVersion"].as_str().unwrap_or_default());
    let resources = list["resources"].as_array().into_iter().flatten();
    // `pods/log` and the like are parts of a kind, not kinds.
    let whole = resources.filter(|r| r["name"].as_str().is_some_and(|name| !name.contains('/')));
    let resource = |r: &Json| {
        Some(Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: r["kind"].as_str()?.to_owned(),
            plural: r["name"].as_str()?.to_owned(),
            namespaced: r["namespaced"].as_bool()?,
        })
    };
    whole.filter_map(resource).collect()
}

/// The path at which objects of that kind and namespace are created, with every field
/// checked.
///
/// # Panics
///
/// If there is no such kind, or if it does not belong where the manifest puts it.
pub fn creation(resources: &[Resource], manifest: &Manifest, keep: Keep) -> String {
    let path = collection(resources, manifest);
    let dry_run = if keep == Keep::No { "&dryRun=All" } else { "" };
    format!("{path}?fieldValidation=Strict{dry_run}")
}

fn collection(resources: &[Resource], manifest: &Manifest) -> String {
    let (group, version) = split_api_version(&manifest.api_version);
    let resource = resources
        .iter()
        .find(|r| r.group == group && r.version == version && r.kind == manifest.kind)
        .unwrap_or_else(|| {
            panic!(
                "{}: the server knows no {} of {}",
                manifest.name, manifest.kind, manifest.api_version
            )
        });
    let root = if group.is_empty() {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{}", manifest.api_version)
    };
    match (&manifest.namespace, resource.namespaced) {
        (Some(namespace), true) => format!("{root}/namespaces/{namespace}/{}", resource.plural),
        (None, false) => format!("{root}/{}", resource.plural),
        (None, true) => panic!("{}: a {} needs a namespace", manifest.name, manifest.kind),
        (Some(_), false) => panic!("{}: a {} has no namespace", manifest.name, manifest.kind),
    }
}

fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}
