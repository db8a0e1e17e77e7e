#include "exporter/sandbox_calls.h"

#include <errno.h>
#include <linux/filter.h>
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

enum {
	CALL_AT = offsetof(struct seccomp_data, nr),
	ARCH_AT = offsetof(struct seccomp_data, arch),
	HALVES_LITTLE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	CALL_X32 = 0x40000000, /* those of x86-64 with short pointers have this bit */
};

/*
 * The program that the kernel runs at each system call. It is put together here and not
 * by libseccomp, which without memory makes one that lacks calls, and says nothing of it.
 */
struct filter {
	size_t len;
	struct sock_filter list[BPF_MAXINSNS];
};

static void filter_add(struct filter *f, struct sock_filter instruction)
{
	if (f->len < BPF_MAXINSNS)
		f->list[f->len++] = instruction;
}

static void filter_load(struct filter *f, uint32_t at)
{
	filter_add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at));
}

/* Goes on, or past so many, if what was loaded is not that. */
static void filter_unless_skip(struct filter *f, uint32_t value, uint8_t skip)
{
	filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0,
						   skip));
}

static void filter_end(struct filter *f, uint32_t action)
{
	filter_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void filter_name(struct filter *f, const char *name, uint32_t action)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr < 0)
		return;
	filter_unless_skip(f, (uint32_t)nr, 1);
	filter_end(f, action);
}

/* One half of an argument: with others than these bits of it, past so many. */
static void filter_half(struct filter *f, uint32_t at, uint32_t mask, uint32_t value,
			uint8_t skip)
{
	filter_load(f, at);
	filter_add(f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	filter_unless_skip(f, value, skip);
}

static void filter_conditional(struct filter *f, size_t i)
{
	int nr = seccomp_syscall_resolve_name(conditional[i].name);
	uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) +
		      8 * conditional[i].argument;
	uint64_t mask = conditional[i].mask, value = conditional[i].value;

	if (nr < 0)
		return;
	filter_unless_skip(f, (uint32_t)nr, 8);
	filter_half(f, at + (HALVES_LITTLE ? 4 : 0), (uint32_t)(mask >> 32),
		    (uint32_t)(value >> 32), 4);
	filter_half(f, at + (HALVES_LITTLE ? 0 : 4), (uint32_t)mask, (uint32_t)value, 1);
	filter_end(f, SECCOMP_RET_ALLOW);
	filter_load(f, CALL_AT);
}

static void filter_make(struct filter *f)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

	filter_load(f, ARCH_AT);
	filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						   seccomp_arch_native(), 1, 0));
	filter_end(f, SECCOMP_RET_KILL_PROCESS);
	filter_load(f, CALL_AT);
	filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALL_X32, 0,
						   1));
	filter_end(f, refuse);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		filter_name(f, allowed[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		filter_name(f, deadly[i], SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < sizeof(conditional) / sizeof(*conditional); i++)
		filter_conditional(f, i);
	/* Its flags are in memory, where no filter looks: glibc falls back to clone(). */
	filter_name(f, "clone3", SECCOMP_RET_ERRNO | ENOSYS);
	filter_end(f, refuse);
}

/* A kernel built without it knows no such question; a filter may refuse any. */
static bool sandbox_calls_none(void)
{
	return SANITIZED || (prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL);
}

/* Asks with no filter at all: a kernel that would take one says EFAULT, in either way. */
static int sandbox_calls_refused(void)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) && errno == EFAULT)
		return 0;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) && errno != EFAULT ? errno
										   : 0;
}

/* Older kernels know the second way alone. */
static int sandbox_calls_load(const struct sock_fprog *prog)
{
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog))
		return 0;
	if (errno != ENOSYS)
		return errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog) ? errno : 0;
}

int sandbox_calls(void)
{
	static struct filter filter;
	struct sock_fprog prog = {.filter = filter.list};
	int err;

	if (sandbox_calls_none())
		return ENOTSUP;
	err = sandbox_calls_refused();
	if (err)
		return err;
	filter.len = 0;
	filter_make(&filter);
	if (filter.len == BPF_MAXINSNS)
		return E2BIG;
	prog.len = (unsigned short)filter.len;
	return sandbox_calls_load(&prog);
}
