#include "exporter/sandbox_calls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct call {
	const char *name;
	int nr; /* below 0: this architecture has none */
};

/*
 * By the headers' number where they have one: asked for a name, libseccomp denies that
 * i386, ppc64el and s390x have socket() and its like besides socketcall().
 */
#define CALL(name) #name, SCMP_SYS(name)

static const struct call allowed[] = {
	/* descriptors */
	{CALL(read)},
	{CALL(readv)},
	{CALL(pread64)},
	{CALL(write)},
	{CALL(writev)},
	{CALL(close)},
	{CALL(close_range)},
	{CALL(lseek)},
	{CALL(_llseek)},
	{CALL(fcntl)},
	{CALL(fcntl64)},
	{CALL(dup)},
	{CALL(dup2)},
	{CALL(dup3)},
	{CALL(pipe)},
	{CALL(pipe2)},
	{CALL(ioctl)},
	{CALL(eventfd2)},
	/* waiting */
	{CALL(epoll_create)},
	{CALL(epoll_create1)},
	{CALL(epoll_ctl)},
	{CALL(epoll_wait)},
	{CALL(epoll_pwait)},
	{CALL(epoll_pwait2)},
	{CALL(poll)},
	{CALL(ppoll)},
	{CALL(ppoll_time64)},
	{CALL(select)},
	{CALL(pselect6)},
	{CALL(pselect6_time64)},
	{CALL(timerfd_create)},
	{CALL(timerfd_settime)},
	{CALL(timerfd_settime64)},
	{CALL(timerfd_gettime)},
	{CALL(signalfd4)},
	{CALL(inotify_init1)},
	{CALL(inotify_add_watch)},
	{CALL(inotify_rm_watch)},
	/* network */
	{CALL(socketpair)},
	/* All of these in one, where C libraries still go that way. Which it is, and of
	 * which kind, is in memory, where no filter looks. */
	{CALL(socketcall)},
	{CALL(bind)},
	{CALL(listen)},
	{CALL(accept)},
	{CALL(accept4)},
	{CALL(connect)},
	{CALL(shutdown)},
	{CALL(getsockname)},
	{CALL(getpeername)},
	{CALL(getsockopt)},
	{CALL(setsockopt)},
	{CALL(send)},
	{CALL(sendto)},
	{CALL(sendmsg)},
	{CALL(sendmmsg)},
	{CALL(recv)},
	{CALL(recvfrom)},
	{CALL(recvmsg)},
	{CALL(recvmmsg)},
	{CALL(recvmmsg_time64)},
	/* files, as far as Landlock lets them */
	{CALL(open)},
	{CALL(openat)},
	{CALL(openat2)},
	{CALL(stat)},
	{CALL(stat64)},
	{CALL(lstat)},
	{CALL(lstat64)},
	{CALL(fstat)},
	{CALL(fstat64)},
	{CALL(newfstatat)},
	{CALL(fstatat64)},
	{CALL(statx)},
	{CALL(statfs)},
	{CALL(statfs64)},
	{CALL(fstatfs)},
	{CALL(fstatfs64)},
	{CALL(access)},
	{CALL(faccessat)},
	{CALL(faccessat2)},
	{CALL(readlink)},
	{CALL(readlinkat)},
	{CALL(getdents)},
	{CALL(getdents64)},
	{CALL(getcwd)},
	{CALL(fadvise64)},
	{CALL(fadvise64_64)},
	{CALL(unlink)},
	{CALL(unlinkat)},
	{CALL(chmod)},
	{CALL(fchmod)},
	{CALL(fchmodat)},
	{CALL(umask)},
	/* memory */
	{CALL(mmap)},
	{CALL(mmap2)},
	{CALL(munmap)},
	{CALL(mremap)},
	{CALL(madvise)},
	{CALL(brk)},
	{CALL(membarrier)},
	/* threads */
	{CALL(futex)},
	{CALL(futex_time64)},
	{CALL(set_robust_list)},
	{CALL(set_tid_address)},
	{CALL(rseq)},
	{CALL(gettid)},
	{CALL(sched_yield)},
	{CALL(sched_getaffinity)},
	{CALL(setpriority)},
	{CALL(exit)},
	{CALL(exit_group)},
	/* signals */
	{CALL(rt_sigaction)},
	{CALL(rt_sigprocmask)},
	{CALL(rt_sigreturn)},
	{CALL(sigreturn)},
	{CALL(sigaltstack)},
	{CALL(tgkill)},
	{CALL(restart_syscall)},
	/* time */
	{CALL(clock_gettime)},
	{CALL(clock_gettime64)},
	{CALL(clock_getres)},
	{CALL(clock_getres_time64)},
	{CALL(clock_nanosleep)},
	{CALL(clock_nanosleep_time64)},
	{CALL(nanosleep)},
	{CALL(gettimeofday)},
	{CALL(time)},
	{CALL(times)},
	/* itself and the machine */
	{CALL(getpid)},
	{CALL(getppid)},
	{CALL(getuid)},
	{CALL(geteuid)},
	{CALL(getgid)},
	{CALL(getegid)},
	{CALL(getuid32)},
	{CALL(geteuid32)},
	{CALL(getgid32)},
	{CALL(getegid32)},
	{CALL(getrandom)},
	{CALL(getrlimit)},
	{CALL(ugetrlimit)},
	{CALL(setrlimit)},
	{CALL(prlimit64)},
	{CALL(getrusage)},
	{CALL(sysinfo)},
	{CALL(uname)},
};

static const struct call deadly[] = {
	{CALL(execve)},
	{CALL(execveat)},
	{CALL(fork)},
	{CALL(vfork)},
	{CALL(ptrace)},
	{CALL(process_vm_readv)},
	{CALL(process_vm_writev)},
	{CALL(bpf)},
	{CALL(perf_event_open)},
	{CALL(userfaultfd)},
	{CALL(io_uring_setup)},
	{CALL(init_module)},
	{CALL(finit_module)},
	{CALL(delete_module)},
	{CALL(kexec_load)},
	{CALL(kexec_file_load)},
	{CALL(mount)},
	{CALL(umount2)},
	{CALL(pivot_root)},
	{CALL(chroot)},
	{CALL(setns)},
	{CALL(unshare)},
	{CALL(keyctl)},
	{CALL(add_key)},
	{CALL(request_key)},
	{CALL(open_by_handle_at)},
	{CALL(reboot)},
	{CALL(swapon)},
	{CALL(swapoff)},
	{CALL(setuid)},
	{CALL(setgid)},
	{CALL(setreuid)},
	{CALL(setregid)},
	{CALL(setresuid)},
	{CALL(setresgid)},
	{CALL(personality)},
};

/* Allowed only where an argument, under a mask, has a value. */
static const struct {
	struct call call;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
} conditional[] = {
	{{CALL(socket)}, 0, UINT32_MAX, AF_INET},
	{{CALL(socket)}, 0, UINT32_MAX, AF_INET6},
	{{CALL(socket)}, 0, UINT32_MAX, AF_UNIX},
	/* getaddrinfo() asks which kinds of addresses the machine has. */
	{{CALL(socket)}, 0, UINT32_MAX, AF_NETLINK},
	{{CALL(prctl)}, 0, UINT32_MAX, PR_SET_NAME},
	{{CALL(mprotect)}, 2, PROT_EXEC, 0},
#ifndef __s390__
	/* A thread, not a process. */
	{{CALL(clone)}, 0, CLONE_THREAD, CLONE_THREAD},
#else
	{{CALL(clone)}, 1, CLONE_THREAD, CLONE_THREAD},
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

static void filter_call(struct filter *f, int nr, uint32_t action)
{
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
	int nr = conditional[i].call.nr;
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
		filter_call(f, allowed[i].nr, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		filter_call(f, deadly[i].nr, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < sizeof(conditional) / sizeof(*conditional); i++)
		filter_conditional(f, i);
	/* Its flags are in memory, where no filter looks: glibc falls back to clone(). */
	filter_call(f, SCMP_SYS(clone3), SECCOMP_RET_ERRNO | ENOSYS);
	filter_end(f, refuse);
}

bool sandbox_calls_has(const char *name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (!strcmp(allowed[i].name, name))
			return true;
	for (size_t i = 0; i < sizeof(conditional) / sizeof(*conditional); i++)
		if (!strcmp(conditional[i].call.name, name))
			return true;
	return false;
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
