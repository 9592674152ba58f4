//! What a worker takes from itself before it reads anything.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::start::WorkerStart;
use crate::render::ENGINE_STACK_BYTES;

/// The stack of a thread that renders.
const THREAD_STACK_BYTES: u64 = 2 << 20;

/// Room for the program itself.
const OWN_BYTES: u64 = 16 << 20;

/// Takes everything from this process that a worker does not need: memory above its limit,
/// and with a sandbox also files, the network, other processes and the right to change that.
/// Threads that run already keep what they have.
///
/// Returns what this machine does not offer.
pub fn confine(start: &WorkerStart) -> Vec<String> {
    let mut lacking = Vec::new();
    // Stacks count from the moment that their threads exist, and hardly any of it is used.
    let stack = ENGINE_STACK_BYTES as u64 + THREAD_STACK_BYTES;
    let stacks = (start.threads as u64).saturating_mul(stack);
    let data = start.memory.bytes().saturating_add(stacks).saturating_add(OWN_BYTES);
    // Elsewhere it does not bound what is mapped, which is nearly all.
    if !lower(Resource::Data, data) || cfg!(not(target_os = "linux")) {
        lacking.push("a limit of memory".to_owned());
    }
    // A dump of memory would be a file with the contents of others.
    lower(Resource::Core, 0);
    if start.sandbox {
        if !lower(Resource::Fsize, 0) {
            lacking.push("a limit of written files".to_owned());
        }
        lacking.extend(drop_rights());
    }
    lacking
}

/// Lowers a limit. Returns whether it is in force.
fn lower(resource: Resource, to: u64) -> bool {
    let Rlimit { current, maximum } = getrlimit(resource);
    let to = [current, maximum].into_iter().flatten().fold(to, u64::min);
    setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) }).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn drop_rights() -> Vec<String> {
    vec!["a way to take files, network and processes from itself".to_owned()]
}

#[cfg(target_os = "linux")]
fn drop_rights() -> Vec<String> {
    let landlock = linux::restrict_files().err();
    // Last: it takes away what the others need.
    let seccomp = linux::restrict_calls().err();
    landlock.into_iter().chain(seccomp).collect()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::error::Error;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
    use seccompiler::{
        BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, TargetArch, apply_filter,
    };

    type SyscallRules = BTreeMap<i64, Vec<SeccompRule>>;

    /// Forbids all files, TCP, and signals and sockets to processes outside.
    pub(super) fn restrict_files() -> Result<(), String> {
        let newest = ABI::V6;
        let restrict = || {
            let ruleset = Ruleset::default()
                .handle_access(AccessFs::from_all(newest))?
                .handle_access(AccessNet::from_all(newest))?
                .scope(Scope::from_all(newest))?;
            // No rule: nothing is allowed.
            ruleset.create()?.restrict_self()
        };
        match restrict() {
            Ok(status) if status.ruleset == RulesetStatus::FullyEnforced => Ok(()),
            Ok(status) if status.ruleset == RulesetStatus::PartiallyEnforced => {
                Err("newer parts of Landlock".to_owned())
            }
            Ok(_) => Err("Landlock".to_owned()),
            Err(error) => Err(format!("Landlock ({error})")),
        }
    }

    /// Forbids all system calls but those that computing, and talking over pipes that are
    /// open already, needs.
    pub(super) fn restrict_calls() -> Result<(), String> {
        let restrict = || -> Result<(), Box<dyn Error>> {
            // Of two filters the stricter counts, and the second would forbid to add another.
            apply_filter(&without_clone3()?)?;
            Ok(apply_filter(&only_computing()?)?)
        };
        restrict().map_err(|error| format!("seccomp ({error})"))
    }

    fn target() -> Result<TargetArch, &'static str> {
        if cfg!(target_arch = "x86_64") {
            Ok(TargetArch::x86_64)
        } else if cfg!(target_arch = "aarch64") {
            Ok(TargetArch::aarch64)
        } else if cfg!(target_arch = "riscv64") {
            Ok(TargetArch::riscv64)
        } else {
            Err("not for this processor")
        }
    }

    /// `clone3` takes its flags from memory, where no filter sees them. Told that it does not
    /// exist, the C library uses `clone`.
    fn without_clone3() -> Result<BpfProgram, Box<dyn Error>> {
        let rules = SyscallRules::from([(libc::SYS_clone3, Vec::new())]);
        let refuse = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        Ok(SeccompFilter::new(rules, SeccompAction::Allow, refuse, target()?)?.try_into()?)
    }

    fn only_computing() -> Result<BpfProgram, Box<dyn Error>> {
        let mut rules: SyscallRules = COMPUTING.iter().map(|call| (*call, Vec::new())).collect();
        // Threads, and no processes.
        let thread = u64::from((libc::CLONE_VM | libc::CLONE_THREAD).cast_unsigned());
        rules.insert(libc::SYS_clone, vec![argument(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
        // An abort sends a signal to its own process. Without it, it would end as another
        // fault.
        let own = u64::from(std::process::id());
        rules.insert(libc::SYS_tgkill, vec![argument(0, SeccompCmpOp::Eq, own)?]);
        // The standard streams alone: whoever started the program may have left files open.
        let stream = |stream| argument(0, SeccompCmpOp::Eq, stream);
        for call in [libc::SYS_read, libc::SYS_readv] {
            rules.insert(call, vec![stream(0)?]);
        }
        for call in [libc::SYS_write, libc::SYS_writev] {
            rules.insert(call, vec![stream(1)?, stream(2)?]);
        }
        // Memory, and no file.
        let no_file = u64::from(u32::MAX);
        rules.insert(libc::SYS_mmap, vec![argument(4, SeccompCmpOp::Eq, no_file)?]);
        let refuse = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        Ok(SeccompFilter::new(rules, refuse, SeccompAction::Allow, target()?)?.try_into()?)
    }

    /// The rule that an argument, counted from zero, is so.
    fn argument(at: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
        let condition = SeccompCondition::new(at, SeccompCmpArgLen::Dword, is, value)?;
        SeccompRule::new(vec![condition])
    }

    /// The calls of a process that computes on several threads, and of its end, whatever their
    /// arguments are.
    const COMPUTING: [i64; 29] = [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_clone3,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_futex,
        libc::SYS_get_robust_list,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_madvise,
        libc::SYS_membarrier,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_nanosleep,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_set_robust_list,
        libc::SYS_set_tid_address,
        libc::SYS_sigaltstack,
        libc::SYS_getcpu,
    ];
}
