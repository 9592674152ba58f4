//! What can be wrong with sites.

use crate::diagnostic::codes;

codes! {
    /// A pattern of sites that matches nothing.
    ///
    /// An entry of `sites` names files, and what to look for in them. If no file
    /// has such a path, or none of the files has anything of that kind, the entry
    /// has no effect; if none of them has a value that `promote` names, that value is
    /// not promoted.
    ///
    /// ```yaml
    /// sites:
    ///   - path: component/{app}/{environment}/kustomization.yaml     # wrong
    ///   - path: components/{app}/{environment}/kustomization.yaml    # right
    /// ```
    ///
    /// `{environment}` matches declared environments only: those of `ladder` and
    /// `environments`. If paths spell a name differently, declare that:
    /// `environments: { production: { path: production/base } }`.
    UNMATCHED_PATTERN = "unmatched-pattern", Input, Warning;

    /// An entry of `sites` whose files have nothing that it looks for.
    ///
    /// The files are there, and none of them is of that kind, or has the field that the entry
    /// names. What it was written for is not promoted, so that nothing of the app is.
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "tags/{environment}/{app}", kind: yaml, fields: { tag: imageTag } }     # wrong
    ///   - { path: "tags/{environment}/{app}", kind: yaml, fields: { tag: image_tag } }    # right
    /// ```
    NO_SITE = "no-site", Input, Error;

    /// An entry of `sites` that matches the templates of a chart.
    ///
    /// A chart's templates are YAML only once Helm has filled them in. A pattern such as
    /// `**` matches those of a chart that is kept beside the manifests. Leave them out, and
    /// name the chart's values with an entry of the kind `helm-values` if they are promoted:
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "{environment}/**/*.yaml", kind: manifest, app: web, exclude: ["**/templates/**"] }
    /// ```
    CHART_TEMPLATES = "chart-templates", Input, Error;

    /// A place that belongs to two apps.
    ///
    /// Two entries of `sites` read the same scalar, and each says that it is of another app.
    /// A promotion of one would move the other along, past its gates and holds. Leave the
    /// file out of one of them, or let both name the same app.
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "{environment}/**/*.yaml", kind: manifest, app: shop, exclude: ["*/web/**"] }
    ///   - { path: "{environment}/web/*.yaml", kind: manifest, app: web }
    /// ```
    CLAIMED_TWICE = "claimed-twice", Input, Error;

    /// A reference in a file that several environments use.
    ///
    /// A change for one environment would be a change for all of them, so there
    /// is nothing to promote, and `set` refuses it. Files are
    /// followed through `resources`, `bases` and `components` of
    /// kustomizations, and from a chart's values for an environment to the
    /// chart's own `values.yaml`.
    ///
    /// Give each environment a reference of its own. With a chart that is the tag in the
    /// environment's values. With kustomize it is an
    /// entry of `images` in the overlay, which `set` writes if the rule allows it:
    ///
    /// ```yaml
    /// sites:
    ///   - path: overlays/{environment}/kustomization.yaml
    ///     kind: kustomize
    ///     app: web
    ///     insert: [ghcr.io/shop/web]
    /// ```
    ///
    /// If an image is meant to be the same everywhere, say so, and why: it is no longer reported,
    /// and `set` still refuses it.
    ///
    /// ```yaml
    ///     images: { ignore: [{ image: "*/busybox", finding: shared-base, reason: "updated by hand" }] }
    /// ```
    SHARED_BASE = "shared-base", Answer, Warning;

    /// A range of versions, or a branch.
    ///
    /// `>=1.0`, `1.x` and `main` name another version tomorrow than today. What
    /// was tested below is not what would be deployed above, so a range is
    /// never copied, and never overwritten by a promotion.
    ///
    /// ```yaml
    /// version: ">=1.0.0"      # moves by itself
    /// version: 1.4.2          # can be promoted
    /// ```
    ///
    /// Give a version, leave out of the rules what follows a range (`images: { exclude }`), or say
    /// that it is meant to, and why:
    ///
    /// ```yaml
    /// images: { ignore: [{ image: podinfo, finding: range, reason: "the newest is always wanted" }] }
    /// ```
    MOVING_REFERENCE = "range", Answer, Warning;

    /// An image that can change without a change of the files.
    ///
    /// An image without a tag means `latest`, and a tag can be moved to another
    /// image. Only a digest is certain. An image without a tag is always reported;
    /// one with a tag and no digest only if the policy of the environment's tier
    /// asks for it:
    ///
    /// ```yaml
    /// policies: { production: { unpinned: error } }
    /// ```
    ///
    /// ```yaml
    /// image: ghcr.io/shop/web                       # wrong
    /// image: ghcr.io/shop/web:v1.4                  # right, without the policy
    /// image: ghcr.io/shop/web:v1.4@sha256:cb11…     # right
    /// ```
    UNPINNED = "unpinned", Answer, Warning;

    /// An environment of the ladder that no file belongs to.
    ///
    /// `ladder` or `after` names an environment, and no file that `sites` names is in it.
    /// Perhaps it is spelt otherwise in paths. A promotion would pass over that rung, as
    /// over one that never had the app.
    ///
    /// ```yaml
    /// ladder: [integration, stage, production]      # wrong: the directory is `staging`
    /// ladder: [integration, staging, production]    # right
    /// environments: { stage: { path: staging } }    # right as well
    /// ```
    UNBOUND_ENVIRONMENT = "unbound-environment", Input, Error;

    /// Sites of one image with different values.
    ///
    /// An environment deploys one version of an image. If its files have two, it
    /// is not known which of them to promote, or what came before. Give them the
    /// same value, or tell them apart: containers by their names, marked scalars
    /// by `key=`, files by another `app`.
    SITES_DISAGREE = "sites-disagree", Answer, Error;

    /// A site without a partner in the other environment.
    ///
    /// Sites of two environments belong together by app and key: kustomize's
    /// `name`, the container's name, the route in values, the policy's name. A
    /// reference that only one of the environments has cannot be promoted, and
    /// promoting the rest without it would deploy what was never tested
    /// together.
    ///
    /// Add it to the other environment, or exclude it from the rule with
    /// `images: { exclude: […] }`.
    UNPAIRED_SITE = "unpaired-site", Answer, Error;

    /// A text that is not an image reference.
    ///
    /// The text is in the place of an image, but no registry can have an image of
    /// that name. It may be a placeholder that something else replaces, so it is
    /// left alone.
    UNREADABLE_IMAGE = "unreadable-image", Answer, Warning;

    /// A text that should be YAML and is not.
    ///
    /// Inline patches of kustomizations, Argo CD's `helm.values` and `valuesContent` are texts
    /// that hold YAML, as is any text that a route leads into. What such a text deploys is
    /// not known if it cannot be read.
    ///
    /// ```yaml
    /// patches:
    /// - patch: |-
    ///     - op: replace
    ///       path: /spec/replicas
    ///      value: 2       # wrong: one blank too few
    /// ```
    UNREADABLE_TEXT = "unreadable-text", Input, Error;

    /// A patch brings an image from another place.
    ///
    /// `op: copy` and `op: move` of a JSON patch have no value of their own: what they deploy
    /// is written where they take it from, perhaps in a file that other environments use. So it
    /// is not known here, and nothing here can change it.
    ///
    /// ```yaml
    /// - op: copy           # instead: op: replace, with a value
    ///   from: /spec/template/spec/initContainers/0/image
    ///   path: /spec/template/spec/containers/0/image
    /// ```
    COPIED_SITE = "copied-site", Input, Error;

    /// A rule leads to a value that another one overrides.
    ///
    /// In an Argo CD application, `helm.valuesObject` takes the place of `helm.values`, and
    /// `helm.parameters` override both. A tag that is promoted where nothing reads it changes
    /// nothing. `kind: manifest` reads such a file as Argo CD does.
    ///
    /// ```yaml
    /// helm:
    ///   values: |            # not read
    ///     image: {repository: ghcr.io/shop/web, tag: v1}
    ///   valuesObject:
    ///     image: {repository: ghcr.io/shop/web, tag: v2}
    /// ```
    OVERRIDDEN_SITE = "overridden-site", Input, Error;

    /// A site that a template fills in.
    ///
    /// A rule points at exactly this scalar, and the scalar holds an expression
    /// of a template or a variable: `{{ .Values.tag }}`, `${TAG}`. It is not a
    /// version, and writing one there would remove the expression. Point the rule
    /// at the file that has the value.
    TEMPLATED_SITE = "templated-site", Input, Warning;

    /// A route that leads to a map or a list.
    ///
    /// The fields of a rule of the kind `yaml` lead to scalars: a text or a
    /// number that is the tag, the digest, the repository, the whole image or
    /// the version.
    ///
    /// ```yaml
    /// fields: { tag: image }          # wrong, where `image` is a map
    /// fields: { tag: image.tag }      # right
    /// ```
    SITE_NOT_A_SCALAR = "site-not-a-scalar", Input, Warning;

    /// A marker that cannot be read.
    ///
    /// A comment after a scalar marks it as a site: Flux's
    /// `# {"$imagepolicy": "namespace:name"}`, with `:tag`, `:name` or `:digest`
    /// if the scalar is only that part, or rungs' own
    /// `# rungs: app=web key=frontend part=tag`, in which `key` and `part` may be
    /// left out.
    UNREADABLE_MARKER = "unreadable-marker", Input, Warning;

    /// A site behind a symbolic link.
    ///
    /// The file is read through a link, so changing it would change a file at
    /// another path. Let the rule name the path where the file is.
    LINKED_SITE = "linked-site", Answer, Error;

    /// A new tag beside another tag's digest.
    ///
    /// If a reference has both, the digest decides what runs. A new tag with the
    /// old digest would show one version and deploy another. Give the digest along
    /// with the tag, or remove the old one with `--drop-digest`.
    ///
    /// ```text
    /// rungs set web --env qa :v2                        wrong
    /// rungs set web --env qa :v2@sha256:cb11…           right
    /// rungs set web --env qa :v2 --drop-digest          right
    /// ```
    STALE_DIGEST = "stale-digest", Answer, Error;

    /// A reference that a site has no room for.
    ///
    /// The site has room for a part of a reference only: for a tag and not for a
    /// digest, for a commit and not for a tag, or for a repository on another
    /// registry. The new reference cannot be written without changing the layout
    /// of the file, which a person has to do.
    NO_ROOM = "no-room-for-reference", Answer, Error;

    /// A key that may hold an image's tag or digest.
    ///
    /// Charts have the tag beside the image under many names: `image` without a tag beside
    /// `imageTag`, and sometimes beside `version` or `appVersion`. Where several such keys
    /// have a value, or a custom resource has a version that may be another one, it is not
    /// certain which of them is deployed. The image is not changed then, because the old
    /// tag might stay beside the new one. Write the tag into the image, or set the key that
    /// has it by its route.
    ///
    /// ```sh
    /// rungs set --in values.yaml --route version=8.6.0
    /// ```
    UNCLEAR_COMPANION = "unclear-companion", Answer, Warning;

    /// It is not clear which image is meant.
    ///
    /// An image is named by its whole repository; by its key together with the
    /// repository of the new reference; or by a bare name, which is its key
    /// (the container, the name in a kustomization, the policy of a marker, the
    /// key in a native file) or the last segment of its repository. Places with
    /// the same repository are one image, and are set together. A tag or digest
    /// alone is for the only image.
    ///
    /// If several images fit equally, none is chosen: `web` may be the key of one
    /// and the last segment of another's repository. The help lists the names that
    /// fit only one.
    ///
    /// ```sh
    /// rungs set --in overlays/prod :v2                    # refused: there are web and cart
    /// rungs set --in overlays/prod ghcr.io/shop/web=:v2
    /// rungs set shop --env qa web=ghcr.io/shop/web:v2     # the places whose key is web
    /// ```
    WHICH_IMAGE = "which-image", Answer, Error;

    /// A place would get an image of another repository.
    ///
    /// A tag of one repository means nothing in another, and a typing error in a
    /// repository deploys somebody else's image. If another repository is meant,
    /// say `--repository`.
    OTHER_REPOSITORY = "other-repository", Answer, Error;

    /// A route leads to several places.
    ///
    /// `[name=web]` names every item whose `name` is `web`, and a route is followed in every
    /// document of a file. If that leads to several places, it is not known which is meant,
    /// and nothing is changed or read. Name the item by something that tells it apart, or by
    /// its index; give a document that has the same fields a file of its own.
    ///
    /// ```yaml
    /// helmCharts:
    /// - {name: guestbook, namespace: a, version: 1.2.3}
    /// - {name: guestbook, namespace: b, version: 1.2.3}
    /// # `helmCharts[name=guestbook].version` is refused,
    /// # `helmCharts[namespace=a].version` and `helmCharts[0].version` are not
    /// ```
    AMBIGUOUS_ROUTE = "ambiguous-route", Answer, Error;

    /// A repository has a tag or a digest in it.
    ///
    /// Where the tag has a place of its own, a chart or kustomize appends it to the repository.
    /// With a tag in the repository as well, nobody can say which image is deployed, and the app
    /// is neither promoted nor judged.
    ///
    /// ```yaml
    /// image: { repository: "ghcr.io/shop/web:v1", tag: v2 }     # wrong
    /// image: { repository: ghcr.io/shop/web, tag: v2 }          # right
    /// ```
    TAGGED_REPOSITORY = "tagged-repository", Answer, Error;
}
