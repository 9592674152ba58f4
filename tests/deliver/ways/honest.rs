//! Changes of people and programs who do as they should.

use super::changes::{Change, Edit, Parents, TopicCommit};
use super::random::Random;
use super::shops::{Kind, SIDECAR, Shop, TEMPLATE};

/// The tags of an app in qa, stage and prod; none where it is not.
struct Climber {
    app: &'static str,
    tags: [Option<String>; 3],
}

const RUNGS: [&str; 3] = ["qa", "stage", "prod"];

/// An honest pull request is split, and mended, as its repository allows.
struct Author<'r> {
    random: &'r mut Random,
    shop: Shop,
    climbers: Vec<Climber>,
    next: usize,
    /// Whether prod has the sidecar.
    has_sidecar: bool,
}

/// Honest changes, one after the other with days between them.
pub(super) fn series(random: &mut Random, shop: Shop) -> Vec<Change> {
    let climber =
        |app, tags: [&str; 3]| Climber { app, tags: tags.map(|tag| Some(tag.to_owned())) };
    let climbers = vec![climber("web", ["v4", "v2", "v1"]), climber("api", ["v3", "v3", "v1"])];
    let count = 1 + random.below(4);
    let mut author = Author { random, shop, climbers, next: 10, has_sidecar: false };
    (0..count).map(|_| author.change()).collect()
}

impl Author<'_> {
    fn change(&mut self) -> Change {
        let below: Vec<_> = self.climbers.iter().map(|one| one.tags.clone()).collect();
        let meanwhile = match self.random.below(4) {
            0 => vec![Edit::Put("OWNERS.md".into(), format!("{}\n", self.random.below(100)))],
            _ => Vec::new(),
        };
        let mut commits = Vec::new();
        let mut moved = Vec::new();
        for _ in 0..=self.random.below(3) {
            let at = self.random.below(self.climbers.len());
            let rung = self.random.below(3);
            if moved.contains(&(at, rung)) {
                continue;
            }
            let (edits, message) = self.step(at, rung, &below[at]);
            if !edits.is_empty() {
                moved.push((at, rung));
                self.commit(&mut commits, edits, &message, (at, rung));
            }
        }
        if self.random.one_in(5) {
            self.commits_a_newcomer(&mut commits);
        }
        if self.shop.kind == Kind::Native && !self.has_sidecar && self.random.one_in(4) {
            // It has soaked in stage by now.
            self.has_sidecar = true;
            let sidecar = format!("values: {{ sidecar: '{SIDECAR}' }}\n");
            let edit = Edit::Append(Kind::Native.settings().to_owned(), sidecar);
            commits.push(commit("Use the sidecar in prod", Parents::One, vec![edit]));
        }
        if !meanwhile.is_empty() && self.random.one_in(2) {
            commits.push(commit("Merge branch 'main'", Parents::Base, Vec::new()));
        }
        if commits.is_empty() || self.random.one_in(4) {
            let docs = vec![Edit::Append("README.md".into(), "More.\n".into())];
            commits.push(commit("Say more", Parents::One, docs));
        }
        self.gathered(Change { meanwhile, commits, way: self.random.0.to_le_bytes()[0].into() })
    }

    /// All in one commit, now and then.
    fn gathered(&mut self, mut change: Change) -> Change {
        if self.random.one_in(3) {
            let message = "Promote several";
            let edits = change.commits.drain(..).flat_map(|commit| commit.edits).collect();
            change.commits.push(commit(message, Parents::One, edits));
        }
        change
    }

    /// A step of an app on a rung, and what its commit says.
    fn step(&mut self, at: usize, rung: usize, below: &[Option<String>; 3]) -> (Vec<Edit>, String) {
        let Shop { kind, .. } = self.shop;
        let app = self.climbers[at].app;
        let environment = RUNGS[rung];
        let path = kind.path(environment, app);
        let Some(tag) = (if rung == 0 { Some(self.new_tag()) } else { below[rung - 1].clone() })
        else {
            return (Vec::new(), String::new());
        };
        let old = self.climbers[at].tags[rung].replace(tag.clone());
        let mut edits = match &old {
            Some(old) if *old == tag => return (Vec::new(), String::new()),
            Some(_) => vec![Edit::After(path.clone(), kind.before_tag(app), tag.clone())],
            None if kind == Kind::Marker => vec![Edit::Append(path.clone(), kind.text(app, &tag))],
            None => vec![Edit::Put(path.clone(), kind.text(app, &tag))],
        };
        match self.random.below(6) {
            0 => edits.push(Edit::Append(path, "# note\n".into())),
            1 => edits.push(Edit::Replace(path, "replicas: 2".into(), "replicas: 3".into())),
            2 => edits.push(Edit::Replace(path, "\n    newTag".into(), "\n\n    newTag".into())),
            3 => edits.push(Edit::Replace(path, "image: ghcr".into(), "image:  ghcr".into())),
            _ => {}
        }
        let key = match kind {
            Kind::Yaml | Kind::Tags | Kind::Helm => "image",
            Kind::Native => "web",
            _ => app,
        };
        let reference = format!("Rungs-Reference: {key} {}\n", kind.image(app, &tag));
        let message = match (rung, self.random.below(3)) {
            (0, _) => format!("Update {app} to {tag}"),
            (_, 0) => format!("Promote {app}"),
            (_, _) => {
                let from = RUNGS[rung - 1];
                format!("Promote\n\nRungs-Promote: {app} from {from} to {environment}\n{reference}")
            }
        };
        (edits, message)
    }

    fn new_tag(&mut self) -> String {
        self.next += 1;
        format!("v{}", self.next)
    }

    /// The edits in a commit, or in two where only what lands counts.
    fn commit(
        &mut self,
        commits: &mut Vec<TopicCommit>,
        edits: Vec<Edit>,
        message: &str,
        step: (usize, usize),
    ) {
        let Shop { kind, merge, .. } = self.shop;
        let climber = &self.climbers[step.0];
        let (app, environment) = (climber.app, RUNGS[step.1]);
        let whole = matches!(merge, Some("squash" | "merge"));
        if whole && self.random.one_in(3) && matches!(edits[0], Edit::After(..)) {
            let path = kind.path(environment, app);
            let typo = Edit::After(path.clone(), kind.before_tag(app), "v99".into());
            let mended =
                Edit::After(path, kind.before_tag(app), climber.tags[step.1].clone().unwrap());
            commits.push(commit(message, Parents::One, [edits, vec![typo]].concat()));
            commits.push(commit("Mend", Parents::One, vec![mended]));
        } else {
            // Files are merged as a whole here, and those with markers have several apps.
            let is_side = kind != Kind::Marker && self.random.one_in(6);
            let parents = if is_side { Parents::Side } else { Parents::One };
            commits.push(commit(message, parents, edits));
        }
    }

    /// A new app in qa, or one that goes from the top down.
    fn commits_a_newcomer(&mut self, commits: &mut Vec<TopicCommit>) {
        let kind = self.shop.kind;
        if self.climbers.iter().all(|one| one.app != "cart") {
            let tag = self.new_tag();
            let path = kind.path("qa", "cart");
            let text = kind.text("cart", &tag);
            let put =
                if kind == Kind::Marker { Edit::Append(path, text) } else { Edit::Put(path, text) };
            commits.push(commit("Add cart", Parents::One, vec![put]));
            self.climbers.push(Climber { app: "cart", tags: [Some(tag), None, None] });
        } else if kind == Kind::Native {
            let text = "metadata: { name: {{ app }}, labels: { app: {{ app }} } }".into();
            let edit = Edit::Replace(TEMPLATE.into(), "metadata: { name: {{ app }} }".into(), text);
            commits.push(commit("Label", Parents::One, vec![edit]));
        } else if kind != Kind::Marker && self.climbers[1].app == "api" {
            self.climbers.remove(1);
            let all = RUNGS.iter().map(|rung| Edit::Remove(kind.path(rung, "api"))).collect();
            commits.push(commit("Remove api", Parents::One, all));
        }
    }
}

fn commit(message: &str, parents: Parents, mut edits: Vec<Edit>) -> TopicCommit {
    edits.push(Edit::Render);
    TopicCommit { message: message.to_owned(), date: 0, parents, edits }
}
