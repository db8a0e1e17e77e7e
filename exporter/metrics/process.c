#include "exporter/metrics/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	return clock_gettime(id, &ts) ? -1 : clock_of_timespec(&ts);
}

/* Field 22 of /proc/self/stat; the second, the program's name, may hold anything. */
static int64_t start_ticks(void)
{
	FILE *f = fopen("/proc/self/stat", "re");
	char line[1024];
	size_t len = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	long long ticks = -1;
	const char *p;

	if (f)
		fclose(f);
	line[len] = '\0';
	p = strrchr(line, ')');
	if (!p || sscanf(p + 1,
			 " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			 " %*s %*s %*s %*s %lld",
			 &ticks) != 1)
		return -1;
	return ticks;
}

/*
 * The start is counted from boot, so that a later step of the wall clock moves it with
 * all other times.
 */
static int64_t start_unix_ns(void)
{
	int64_t ticks = start_ticks();
	long per_second = sysconf(_SC_CLK_TCK);

	if (ticks < 0 || per_second <= 0)
		return -1;
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) +
	       ticks * (CLOCK_NS_PER_S / per_second);
}

static void read_memory(struct process_stats *out)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long page = sysconf(_SC_PAGESIZE);
	long long size, resident;

	if (!f)
		return;
	if (fscanf(f, "%lld %lld", &size, &resident) == 2) {
		out->virtual_bytes = size * page;
		out->resident_bytes = resident * page;
	}
	fclose(f);
}

static int64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t count = -1; /* the descriptor that reads the folder is not counted */
	const struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

void process_read(struct process_stats *out)
{
	struct rlimit limit;

	*out = (struct process_stats){-1, -1, -1, -1, -1, -1};
	out->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	read_memory(out);
	out->open_fds = count_fds();
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		out->max_fds = (int64_t)limit.rlim_cur;
	out->start_unix_ns = start_unix_ns();
}
