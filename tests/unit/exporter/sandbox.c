/* What the sandbox lets a process do, each in a child of its own. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exporter/sandbox.h"
#include "exporter/sandbox_calls.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/siptrunk-sandbox-XXXXXX";
static struct sandbox_state state;

static char *inside(const char *name)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int try_read_etc(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static int try_read_allowed(void)
{
	return opens(inside("allowed/file"), O_RDONLY);
}

static int try_read_linked(void)
{
	return opens(inside("allowed/link"), O_RDONLY);
}

static int try_read_forbidden(void)
{
	return opens(inside("forbidden/file"), O_RDONLY);
}

static int try_read_home(void)
{
	return opens("/root", O_RDONLY | O_DIRECTORY);
}

static int try_write(void)
{
	return opens(inside("allowed/file"), O_WRONLY);
}

static int try_create(void)
{
	return opens(inside("allowed/new"), O_WRONLY | O_CREAT);
}

static int try_null(void)
{
	return opens("/dev/null", O_RDWR);
}

static int try_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, nothing, NULL);

	return err ? err : pthread_join(thread, NULL);
}

static int make_socket(int domain, int type)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_inet(void)
{
	return make_socket(AF_INET, SOCK_DGRAM);
}

static int try_packet(void)
{
	return make_socket(AF_PACKET, SOCK_RAW);
}

static int try_vsock(void)
{
	return make_socket(AF_VSOCK, SOCK_STREAM);
}

static int bind_at(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	err = bind(fd, (struct sockaddr *)&un, sizeof(un)) ? errno : 0;
	close(fd);
	return err || !unlink(path) ? err : errno;
}

static int try_bind_allowed(void)
{
	return bind_at(inside("sockets/s"));
}

static int try_bind_forbidden(void)
{
	return bind_at(inside("allowed/s"));
}

static int try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int try_fork(void)
{
	return fork() < 0 ? errno : 0;
}

static int try_vfork_by_number(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? errno : 0;
}

static int try_kill_parent(void)
{
	return kill(getppid(), 0) ? errno : 0;
}

static int try_executable_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC) ? errno : 0;
}

static int try_getaddrinfo_socket(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW);
}

enum { KILLED = -1 };

static const struct {
	const char *what;
	int (*attempt)(void);
	int files; /* the result where Landlock decides */
	int calls; /* where seccomp does */
} attempts[] = {
	{"reads /etc", try_read_etc, 0, 0},
	{"reads a folder that was allowed", try_read_allowed, 0, 0},
	{"reads where a link pointed to", try_read_linked, 0, 0},
	{"reads another folder", try_read_forbidden, EACCES, 0},
	{"reads a home", try_read_home, EACCES, 0},
	{"writes a file that it may read", try_write, EACCES, 0},
	{"makes a file", try_create, EACCES, 0},
	{"writes /dev/null", try_null, 0, 0},
	{"makes a socket where it may", try_bind_allowed, 0, 0},
	{"makes a socket elsewhere", try_bind_forbidden, EACCES, 0},
	{"starts a thread", try_thread, 0, 0},
	{"opens an Internet socket", try_inet, 0, 0},
	{"asks for addresses", try_getaddrinfo_socket, 0, 0},
	{"opens a packet socket", try_packet, 0, EPERM},
	{"opens a vsock", try_vsock, 0, EPERM},
	{"starts a program", try_exec, EACCES, KILLED},
	{"forks", try_fork, 0, EPERM},
	{"clones a process", try_vfork_by_number, 0, EPERM},
	{"traces", try_ptrace, 0, KILLED},
	{"signals another", try_kill_parent, 0, EPERM},
	{"makes memory executable", try_executable_memory, 0, EPERM},
};

static void enter(void)
{
	struct sandbox_paths paths = {0};

	sandbox_allow(&paths, inside("allowed/file"));
	sandbox_allow(&paths, inside("allowed/link"));
	sandbox_allow_socket(&paths, inside("sockets/s"));
	if (sandbox_enter(&state, &paths))
		_exit(99);
	sandbox_paths_clear(&paths);
}

/* Errno of the attempt, KILLED, or 99 where the sandbox could not be entered. */
static int outcome(int (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		enter();
		_exit(attempt());
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : 1000 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int ask_landlock(void)
{
	return state.landlock > 0;
}

static int ask_seccomp(void)
{
	return state.seccomp;
}

static void test_attempts(void)
{
	bool files = outcome(ask_landlock) == 1, calls = outcome(ask_seccomp) == 1;

	printf("# Landlock: %s, seccomp: %s\n", files ? "yes" : "no",
	       calls ? "yes" : "no");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		int want = calls && attempts[i].calls ? attempts[i].calls
			   : files		      ? attempts[i].files
						      : 0;

		/* What only the lack of privilege forbids says nothing. */
		if (!calls && attempts[i].calls)
			continue;
		is_int(outcome(attempts[i].attempt), want, attempts[i].what);
	}
}

/* A filter around us that refuses calls by which we would fence ourselves in. */
static const struct {
	const char *what;
	int errno_given;
	const char *call; /* and, where it is prctl, … */
	unsigned option;  /* … its first argument */
	const char *also; /* another call refused, or NULL */
	enum sandbox_part part;
} outers[] = {
	{"an old runtime", EPERM, "prctl", PR_SET_SECCOMP, "seccomp", SANDBOX_CALLS},
	{"a newer one", ENOSYS, "prctl", PR_SET_SECCOMP, "seccomp", SANDBOX_CALLS},
	{"one with an errno of its own", EACCES, "prctl", PR_SET_SECCOMP, "seccomp",
	 SANDBOX_CALLS},
	{"no Landlock", EPERM, "landlock_create_ruleset", 0, NULL, SANDBOX_FILES},
	{"no Landlock in the end", EPERM, "landlock_restrict_self", 0, NULL,
	 SANDBOX_FILES},
	{"privileges", EPERM, "prctl", PR_SET_NO_NEW_PRIVS, NULL, SANDBOX_PRIVILEGES},
};

static int refuse(scmp_filter_ctx ctx, size_t i)
{
	uint32_t action = SCMP_ACT_ERRNO((uint32_t)outers[i].errno_given);
	int nr = seccomp_syscall_resolve_name(outers[i].call), rc;

	if (outers[i].option)
		rc = seccomp_rule_add(ctx, action, nr, 1,
				      SCMP_A0(SCMP_CMP_EQ, outers[i].option));
	else
		rc = seccomp_rule_add(ctx, action, nr, 0);
	if (!rc && outers[i].also)
		rc = seccomp_rule_add(ctx, action,
				      seccomp_syscall_resolve_name(outers[i].also), 0);
	return rc;
}

static size_t outer;

static bool fence_outside(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool good = ctx && !seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0) &&
		    !refuse(ctx, outer) && !seccomp_load(ctx);

	seccomp_release(ctx);
	return good;
}

/* 98: no such filter can be made here. Else what was refused, a bit a part. */
static int enter_fenced(void)
{
	int bits = 0;

	if (!fence_outside())
		return 98;
	enter();
	for (int i = 0; i < SANDBOX_PARTS; i++)
		if (state.refused[i])
			bits |= 1 << i;
	if (state.refused[outers[outer].part] != outers[outer].errno_given)
		bits |= 16;
	return bits;
}

static int read_fenced(void)
{
	if (!fence_outside())
		return 98;
	enter();
	return try_read_forbidden();
}

static int in_child(int (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(attempt());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

static void test_refused(void)
{
	bool files = outcome(ask_landlock) == 1, calls = outcome(ask_seccomp) == 1;

	for (outer = 0; outer < sizeof(outers) / sizeof(*outers); outer++) {
		bool there = outers[outer].part == SANDBOX_CALLS   ? calls
			     : outers[outer].part == SANDBOX_FILES ? files
								   : !geteuid();
		int got = there ? in_child(enter_fenced) : 98;

		if (got == 98) {
			printf("# not tried: %s\n", outers[outer].what);
			continue;
		}
		is_int(got, 1 << outers[outer].part, outers[outer].what);
		if (files && outers[outer].part != SANDBOX_FILES)
			is_int(in_child(read_fenced), EACCES,
			       "files are fenced all the same");
	}
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static void make_folders(void)
{
	char target[100];

	if (!mkdtemp(folder) || mkdir(inside("allowed"), 0700) ||
	    mkdir(inside("forbidden"), 0700) || mkdir(inside("elsewhere"), 0700) ||
	    mkdir(inside("sockets"), 0700)) {
		printf("Bail out! %s\n", strerror(errno));
		exit(1);
	}
	make_file(inside("allowed/file"));
	make_file(inside("forbidden/file"));
	make_file(inside("elsewhere/file"));
	snprintf(target, sizeof(target), "%s", inside("elsewhere/file"));
	if (symlink(target, inside("allowed/link")))
		printf("# no link: %s\n", strerror(errno));
}

static void remove_folders(void)
{
	static const char *const names[] = {
		"allowed/file", "allowed/link",	  "allowed",   "forbidden/file",
		"forbidden",	"elsewhere/file", "elsewhere", "sockets"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)remove(inside(names[i]));
	(void)remove(folder);
}

static void test_too_many(void)
{
	struct sandbox_paths p = {0};
	char path[64];

	for (int i = 0; i < SANDBOX_PATHS_MAX; i++) {
		snprintf(path, sizeof(path), "/nonexistent/%d/x", i / 2);
		sandbox_allow(&p, path);
	}
	is_int(p.err, 0, "a folder counts once");
	is_int((long long)p.read_count, SANDBOX_PATHS_MAX / 2, "and is kept once");
	for (int i = 0; i <= SANDBOX_PATHS_MAX; i++) {
		snprintf(path, sizeof(path), "/nonexistent/more%d/x", i);
		sandbox_allow(&p, path);
	}
	is_int(p.err, E2BIG, "too many folders are an error");
	is_int(sandbox_enter(&state, &p), E2BIG, "and keep the sandbox shut");
	sandbox_paths_clear(&p);
}

/*
 * Sockets are opened by calls of their own or by the one that is all of them: whichever a
 * C library takes, it is allowed. What the kernel has, libseccomp does not know of every
 * architecture, so that what it lacks must be socketcall().
 */
static void test_architectures(void)
{
	static const uint32_t architectures[] = {SCMP_ARCH_X86_64,   SCMP_ARCH_X86,
						 SCMP_ARCH_AARCH64,  SCMP_ARCH_ARM,
						 SCMP_ARCH_MIPSEL64, SCMP_ARCH_PPC64LE,
						 SCMP_ARCH_S390X,    SCMP_ARCH_RISCV64};
	static const char *const calls[] = {
		"socket",     "socketpair", "bind",	   "listen",	  "accept4",
		"connect",    "shutdown",   "getsockname", "getpeername", "getsockopt",
		"setsockopt", "sendto",	    "sendmsg",	   "sendmmsg",	  "recvfrom",
		"recvmsg",    "recvmmsg"};

	for (size_t a = 0; a < sizeof(architectures) / sizeof(*architectures); a++) {
		uint32_t arch = architectures[a];
		bool one = seccomp_syscall_resolve_name_arch(arch, "socketcall") >= 0;
		int wrong = 0;

		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, calls[i]);

			wrong += !sandbox_calls_has(calls[i]) || (nr < 0 && !one);
		}
		wrong += one && !sandbox_calls_has("socketcall");
		ok(!wrong, "sockets on architecture %x", arch);
	}
	ok(!sandbox_calls_has("execve") && !sandbox_calls_has("kill"), "not everything");
}

int main(void)
{
	make_folders();
	test_architectures();
	test_attempts();
	test_refused();
	test_too_many();
	remove_folders();
	return tap_done();
}
