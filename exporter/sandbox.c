#include "exporter/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exporter/sandbox_calls.h"

/* Rights that headers of Debian 12 do not all name, by the ABI that brought them. */
#define RIGHT_REFER	(1ULL << 13)
#define RIGHT_TRUNCATE	(1ULL << 14)
#define RIGHT_IOCTL_DEV (1ULL << 15)

#define RIGHTS_FIRST                                                                     \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                    \
	 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                    \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                    \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                    \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                  \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)

#define READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define SOCKETS (READ | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)

static const struct {
	const char *path;
	uint64_t rights;
} system_paths[] = {
	/* configuration, resolver, authorities, what getaddrinfo() loads */
	{"/etc", READ},
	{"/usr", READ},
	{"/lib", READ},
	{"/lib64", READ},
	/* resolv.conf of systemd and others, secrets of containers and of systemd */
	{"/run", READ},
	/* process_* and the number of processors */
	{"/proc", READ},
	{"/sys/devices/system", READ},
	{"/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE},
	{"/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE},
};

static void sandbox_add(struct sandbox_paths *p, char **list, size_t *count,
			const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char *dir = slash ? strndup(path, len ? len : 1) : strdup(".");

	for (size_t i = 0; dir && i < *count; i++) {
		if (!strcmp(list[i], dir)) {
			free(dir);
			return;
		}
	}
	if (!dir || *count == SANDBOX_PATHS_MAX) {
		p->err = dir ? E2BIG : ENOMEM;
		free(dir);
		return;
	}
	list[(*count)++] = dir;
}

void sandbox_allow(struct sandbox_paths *p, const char *file)
{
	char real[PATH_MAX];

	if (!file)
		return;
	sandbox_add(p, p->read, &p->read_count, file);
	if (realpath(file, real))
		sandbox_add(p, p->read, &p->read_count, real);
}

void sandbox_allow_socket(struct sandbox_paths *p, const char *path)
{
	sandbox_add(p, p->sockets, &p->socket_count, path);
}

void sandbox_paths_clear(struct sandbox_paths *p)
{
	for (size_t i = 0; i < p->read_count; i++)
		free(p->read[i]);
	for (size_t i = 0; i < p->socket_count; i++)
		free(p->sockets[i]);
	*p = (struct sandbox_paths){0};
}

static uint64_t sandbox_rights_of(int abi)
{
	uint64_t rights = RIGHTS_FIRST;

	if (abi >= 2)
		rights |= RIGHT_REFER;
	if (abi >= 3)
		rights |= RIGHT_TRUNCATE;
	if (abi >= 5)
		rights |= RIGHT_IOCTL_DEV;
	return rights;
}

/* A file that is not there cannot be allowed, and need not be. */
static int sandbox_allow_one(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	struct stat st;
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : errno;
	/* Rights about what a folder holds mean nothing for a file. */
	if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode))
		rule.allowed_access &=
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		err = errno;
	close(rule.parent_fd);
	return err;
}

/* An operator's own authorities, as OpenSSL takes them from the environment. */
static int sandbox_allow_authorities(int ruleset)
{
	static const char *const names[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};
	int err = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !err; i++) {
		const char *path = getenv(names[i]);

		if (path)
			err = sandbox_allow_one(ruleset, path, READ);
	}
	return err;
}

static int sandbox_allow_all(int ruleset, const struct sandbox_paths *p)
{
	int err = sandbox_allow_authorities(ruleset);

	for (size_t i = 0; i < sizeof(system_paths) / sizeof(*system_paths) && !err; i++)
		err = sandbox_allow_one(ruleset, system_paths[i].path,
					system_paths[i].rights);
	for (size_t i = 0; i < p->read_count && !err; i++)
		err = sandbox_allow_one(ruleset, p->read[i], READ);
	for (size_t i = 0; i < p->socket_count && !err; i++)
		err = sandbox_allow_one(ruleset, p->sockets[i], SOCKETS);
	return err;
}

static int sandbox_restrict_files(int *abip, const struct sandbox_paths *p)
{
	struct landlock_ruleset_attr attr = {0};
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	int err, ruleset;

	if (abi < 1)
		return errno == ENOSYS ? EOPNOTSUPP : errno;
	attr.handled_access_fs = sandbox_rights_of(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
			       sizeof(attr.handled_access_fs), 0);
	if (ruleset < 0)
		return errno;
	err = sandbox_allow_all(ruleset, p);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0))
		err = errno;
	close(ruleset);
	if (!err)
		*abip = abi;
	return err;
}

/* What the kernel has not is none of the refusals that are worth a line. */
static int sandbox_part(struct sandbox_state *state, enum sandbox_part part, int err)
{
	static const int refusals[] = {EPERM, EACCES, ENOSYS, EINVAL};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (err == refusals[i]) {
			state->refused[part] = err;
			return 0;
		}
	}
	return err == EOPNOTSUPP ? 0 : err;
}

int sandbox_enter(struct sandbox_state *state, const struct sandbox_paths *p)
{
	int err;

	*state = (struct sandbox_state){0};
	if (p->err)
		return p->err;
	err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;
	err = sandbox_part(state, SANDBOX_PRIVILEGES, err);
	if (!err)
		err = sandbox_part(state, SANDBOX_FILES,
				   sandbox_restrict_files(&state->landlock, p));
	if (err)
		return err;
	err = sandbox_calls();
	state->seccomp = !err;
	return sandbox_part(state, SANDBOX_CALLS, err);
}
