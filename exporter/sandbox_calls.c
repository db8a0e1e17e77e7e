#include "exporter/sandbox_calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Names that an architecture does not know are passed over. */
static const char *const allowed[] = {
	/* descriptors */
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"close",
	"close_range",
	"lseek",
	"_llseek",
	"fcntl",
	"fcntl64",
	"dup",
	"dup2",
	"dup3",
	"pipe",
	"pipe2",
	"ioctl",
	"eventfd2",
	/* waiting */
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"pselect6",
	"pselect6_time64",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"timerfd_gettime",
	"signalfd4",
	"inotify_init1",
	"inotify_add_watch",
	"inotify_rm_watch",
	/* network */
	"socketpair",
	"bind",
	"listen",
	"accept",
	"accept4",
	"connect",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	/* files, as far as Landlock lets them */
	"open",
	"openat",
	"openat2",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"fstat",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"fadvise64",
	"fadvise64_64",
	"unlink",
	"unlinkat",
	"chmod",
	"fchmod",
	"fchmodat",
	"umask",
	/* memory */
	"mmap",
	"mmap2",
	"munmap",
	"mremap",
	"madvise",
	"brk",
	"membarrier",
	/* threads */
	"futex",
	"futex_time64",
	"set_robust_list",
	"set_tid_address",
	"rseq",
	"gettid",
	"sched_yield",
	"sched_getaffinity",
	"setpriority",
	"exit",
	"exit_group",
	/* signals */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"sigaltstack",
	"tgkill",
	"restart_syscall",
	/* time */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"gettimeofday",
	"time",
	"times",
	/* itself and the machine */
	"getpid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getuid32",
	"geteuid32",
	"getgid32",
	"getegid32",
	"getrandom",
	"getrlimit",
	"ugetrlimit",
	"setrlimit",
	"prlimit64",
	"getrusage",
	"sysinfo",
	"uname",
};

static const char *const deadly[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"mount",
	"umount2",
	"pivot_root",
	"chroot",
	"setns",
	"unshare",
	"keyctl",
	"add_key",
	"request_key",
	"open_by_handle_at",
	"reboot",
	"swapon",
	"swapoff",
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"personality",
};

/* Allowed only where an argument, under a mask, has a value. */
static const struct {
	const char *name;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
} conditional[] = {
	{"socket", 0, UINT32_MAX, AF_INET},
	{"socket", 0, UINT32_MAX, AF_INET6},
	{"socket", 0, UINT32_MAX, AF_UNIX},
	/* getaddrinfo() asks which kinds of addresses the machine has. */
	{"socket", 0, UINT32_MAX, AF_NETLINK},
	{"prctl", 0, UINT32_MAX, PR_SET_NAME},
	{"mprotect", 2, PROT_EXEC, 0},
#ifndef __s390__
	/* A thread, not a process. */
	{"clone", 0, CLONE_THREAD, CLONE_THREAD},
#else
	{"clone", 1, CLONE_THREAD, CLONE_THREAD},
#endif
};

static int sandbox_calls_add_names(scmp_filter_ctx ctx, uint32_t action,
				   const char *const *names, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);

		if (nr >= 0)
			rc = seccomp_rule_add(ctx, action, nr, 0);
	}
	return rc;
}

static int sandbox_calls_add_conditional(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(conditional) / sizeof(*conditional) && !rc; i++) {
		int nr = seccomp_syscall_resolve_name(conditional[i].name);

		if (nr >= 0)
			rc = seccomp_rule_add(
				ctx, SCMP_ACT_ALLOW, nr, 1,
				SCMP_CMP(conditional[i].argument, SCMP_CMP_MASKED_EQ,
					 conditional[i].mask, conditional[i].value));
	}
	return rc;
}

/* Its flags are in memory, where no filter looks: glibc falls back to clone(). */
static int sandbox_calls_add_clone3(scmp_filter_ctx ctx)
{
	int nr = seccomp_syscall_resolve_name("clone3");

	return nr >= 0 ? seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0) : 0;
}

static int sandbox_calls_add_all(scmp_filter_ctx ctx)
{
	int rc = sandbox_calls_add_names(ctx, SCMP_ACT_ALLOW, allowed,
					 sizeof(allowed) / sizeof(*allowed));
	if (!rc)
		rc = sandbox_calls_add_names(ctx, SCMP_ACT_KILL_PROCESS, deadly,
					     sizeof(deadly) / sizeof(*deadly));
	if (!rc)
		rc = sandbox_calls_add_conditional(ctx);
	return rc ? rc : sandbox_calls_add_clone3(ctx);
}

/* A kernel built without it knows no such question; a filter may refuse any. */
static bool sandbox_calls_none(void)
{
	return SANITIZED || (prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL);
}

/*
 * Asks with no filter at all: a kernel that would take one says EFAULT, in either way
 * that libseccomp knows. What else is said libseccomp keeps to itself.
 */
static int sandbox_calls_refused(void)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) && errno == EFAULT)
		return 0;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) && errno != EFAULT ? errno
										   : 0;
}

int sandbox_calls(void)
{
	scmp_filter_ctx ctx;
	int rc;

	if (sandbox_calls_none())
		return ENOTSUP;
	rc = sandbox_calls_refused();
	if (rc)
		return rc;
	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return ENOMEM;
	/* New privileges were given up before, as far as that was granted. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (!rc)
		rc = sandbox_calls_add_all(ctx);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return -rc;
}
