/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "clocks.h"

/*! What a clock that is only slewed does not gain or lose between two checks, a second apart. */
#define STEP_MS 2000
/*! Two clocks that were read further apart than this are read again. */
#define APART_MS 20
#define TRIES    10

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clocks_read(const clocks_t *clocks, rollover_clock_t *out)
{
	int64_t best = INT64_MAX;

	out->boot = clocks->boot;
	/* Something may come in between. The tightest pair counts. */
	for (int i = 0; i < TRIES && best > APART_MS; i++) {
		const int64_t before = read_ms(CLOCK_MONOTONIC_RAW);
		const int64_t wall = read_ms(CLOCK_REALTIME);
		const int64_t apart = read_ms(CLOCK_MONOTONIC_RAW) - before;
		if (apart < best) {
			best = apart;
			out->wall = wall / 1000;
			out->ahead = wall - before;
		}
	}
}

/*! A number for this boot. Where it is unknown, of this process: then nothing counts that another one has seen. */
static int64_t boot_number(void)
{
	char text[64] = "";
	uint64_t number = 0;
	unsigned digits = 0;

	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t len = read(fd, text, sizeof(text) - 1);
		close(fd);
		for (ssize_t i = 0; i < len && digits < 16; i++) {
			const char c = text[i];
			if (c >= '0' && c <= '9') {
				number = number << 4 | (c - '0');
				digits++;
			} else if (c >= 'a' && c <= 'f') {
				number = number << 4 | (c - 'a' + 10);
				digits++;
			}
		}
	}
	if (digits < 16 && getrandom(&number, sizeof(number), 0) != sizeof(number)) {
		number = (uint64_t)getpid() << 32 ^ read_ms(CLOCK_MONOTONIC_RAW);
	}
	number &= INT64_MAX;
	return number != 0 ? number : 1;
}

void clocks_start(clocks_t *clocks)
{
	rollover_clock_t now;

	clocks->boot = boot_number();
	clocks_read(clocks, &now);
	clocks->ahead = now.ahead;
}

int64_t clocks_step(clocks_t *clocks)
{
	rollover_clock_t now;

	clocks_read(clocks, &now);
	const int64_t step = now.ahead - clocks->ahead;
	clocks->ahead = now.ahead;
	return llabs(step) >= STEP_MS ? step : 0;
}

time_t clocks_now(const clocks_t *clocks, rollover_row_t *row)
{
	rollover_clock_t clock;

	clocks_read(clocks, &clock);
	return rollover_follow_clock(row, &clock);
}
