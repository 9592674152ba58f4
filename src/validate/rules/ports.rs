//! Ports: their numbers and names.
//!
//! After `ValidateContainerPorts`, `validateServicePort` and the probes of
//! `pkg/apis/core/validation/validation.go`, `validateServiceBackendPort` of
//! `pkg/apis/networking/validation/validation.go`, and `IsValidPortName` of
//! `staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go`.

use std::collections::HashMap;

use super::type_rule::TypeRule;
use crate::diagnostic::Finding;
use crate::kubernetes::dns_label;
use crate::validate::code::{DUPLICATE_ITEM, INVALID_VALUE, MISSING_FIELD};
use crate::validate::field::FieldValue;
use crate::yaml::Kind;

pub(super) const RULES: &[TypeRule] = &[
    TypeRule { definition: "api.core.v1.ContainerPort", check: container_port },
    TypeRule { definition: "api.core.v1.Container", check: container },
    TypeRule { definition: "api.core.v1.ServicePort", check: service_port },
    TypeRule { definition: "api.core.v1.ServiceSpec", check: service },
    TypeRule { definition: "api.core.v1.HTTPGetAction", check: named_or_numbered },
    TypeRule { definition: "api.core.v1.TCPSocketAction", check: named_or_numbered },
    TypeRule { definition: "api.core.v1.GRPCAction", check: numbered },
    TypeRule { definition: "api.networking.v1.ServiceBackendPort", check: backend_port },
    TypeRule { definition: "api.networking.v1.NetworkPolicyPort", check: policy_port },
];

const GREATEST: i64 = 65535;

fn container_port(port: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    to.extend(number_fault(port, "containerPort", 1));
    // Zero is none.
    to.extend(number_fault(port, "hostPort", 0));
    if let Some(name) = port.get("name") {
        to.extend(name_fault(&name));
    }
}

/// Of the ports of a container, names are unique.
fn container(container: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    if let Some(ports) = container.get("ports") {
        repeated_names(&ports, to);
    }
}

fn service_port(port: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    to.extend(number_fault(port, "port", 1));
    to.extend(number_fault(port, "nodePort", 0));
    if let Some(target) = port.get("targetPort") {
        // Zero and an empty text stand for the port itself.
        let is_default = target.node().as_number().is_some_and(|number| number.as_i64() == Some(0))
            || target.node().as_str() == Some("");
        if !is_default {
            to.extend(port_fault(&target));
        }
    }
    if let Some(name) = port.get("name")
        && let Some(text) = name.node().as_str().filter(|text| !text.is_empty())
        && let Err(fault) = dns_label(text)
    {
        let finding = name.finding(&INVALID_VALUE, format!("is {}: it {fault}", name.shown()));
        to.push(finding.because("must be a DNS label"));
    }
}

/// Of the ports of a Service, names are unique, and only a single one needs none.
fn service(service: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    let Some(ports) = service.get("ports") else { return };
    repeated_names(&ports, to);
    if ports.items().count() < 2 {
        return;
    }
    for port in ports.items().filter(|port| port.node().is_mapping()) {
        if port.node().get("name").is_none() {
            let what = format!("`{}` is missing", port.path_of("name"));
            let finding = port.finding_at(port.start(), &MISSING_FIELD, what);
            to.push(
                finding.because("has no `name`").help("name each port of a Service with several"),
            );
        }
    }
}

fn named_or_numbered(action: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    if let Some(port) = action.get("port") {
        to.extend(port_fault(&port));
    }
}

fn numbered(action: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    to.extend(number_fault(action, "port", 1));
}

fn backend_port(port: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    let name = port.get("name").filter(|name| name.node().as_str() != Some(""));
    let number = port.get("number");
    match (name, number) {
        (Some(name), None) => to.extend(name_fault(&name)),
        (None, Some(_)) => to.extend(number_fault(port, "number", 1)),
        (Some(_), Some(number)) => {
            let finding = number.finding(&INVALID_VALUE, "cannot be there beside `name`");
            to.push(finding.because("is the port as well").help("remove one of them"));
        }
        (None, None) => {
            let what = format!("`{}` has neither `name` nor `number`", port.path());
            let finding = port.finding_at(port.start(), &MISSING_FIELD, what);
            to.push(finding.because("names no port").help("add one of them"));
        }
    }
}

fn policy_port(port: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    if let Some(number) = port.get("port") {
        to.extend(port_fault(&number));
    }
    to.extend(number_fault(port, "endPort", 1));
}

/// A finding about a port that is a number or a name.
fn port_fault(port: &FieldValue<'_, '_>) -> Option<Finding> {
    match port.node().kind() {
        Kind::Number(_) => out_of_range(port, 1),
        Kind::String(_) => name_fault(port),
        _ => None,
    }
}

fn number_fault(map: &FieldValue<'_, '_>, key: &str, least: i64) -> Option<Finding> {
    out_of_range(&map.get(key)?, least)
}

fn out_of_range(port: &FieldValue<'_, '_>, least: i64) -> Option<Finding> {
    let number = port.node().as_number()?.as_i64()?;
    (!(least..=GREATEST).contains(&number)).then(|| {
        let finding = port.finding(&INVALID_VALUE, format!("is {number}, which is not a port"));
        finding.because(format!("must be {least} to {GREATEST}"))
    })
}

fn name_fault(name: &FieldValue<'_, '_>) -> Option<Finding> {
    const LONGEST: usize = 15;
    let text = name.node().as_str()?;
    let is_number = text.parse::<u16>().is_ok();
    let is_letter = |c: char| c.is_ascii_lowercase();
    let fault = if text.len() > LONGEST {
        "is longer than 15 characters"
    } else if is_number {
        "is a number in quotes"
    } else if !text.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '-') {
        "has other characters than lower-case letters, digits and `-`"
    } else if !text.contains(is_letter) {
        "has no letter"
    } else if text.contains("--") || text.starts_with('-') || text.ends_with('-') {
        "has a `-` at its start, at its end or after another"
    } else {
        return None;
    };
    let finding = name.finding(&INVALID_VALUE, format!("is {}: it {fault}", name.shown()));
    let finding = finding.because("must be the name of a port");
    Some(finding.maybe_help(is_number.then(|| format!("write it without quotes: `{text}`"))))
}

fn repeated_names(ports: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    let mut seen = HashMap::new();
    for port in ports.items() {
        let Some(name) = port.get("name") else { continue };
        let Some(text) = name.node().as_str().filter(|text| !text.is_empty()) else { continue };
        let at = name.node().location();
        match seen.get(text) {
            None => drop(seen.insert(text, at)),
            Some(first) => {
                let finding = name.finding(&DUPLICATE_ITEM, format!("is {} again", name.shown()));
                let finding =
                    finding.because("is there twice").label(Clone::clone(first), "the first one");
                to.push(finding.help("give one of the ports another name"));
            }
        }
    }
}
