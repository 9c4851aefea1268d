#include <stdlib.h>
#include <string.h>
#include "world.h"
int main(int argc, char **argv)
{
	static world_t w;
	unsigned long a = strtoul(argv[1], 0, 10), b = strtoul(argv[2], 0, 10);
	unsigned fails = 0, done = 0, over = 0; unsigned long dec = 0;
	for (unsigned long s = a; s <= b; s++) {
		w.trace = argc > 3 ? stdout : NULL;
		world_generate(&w, s, 0, s % PROFILE__COUNT, getenv("DRIVER") ? atoi(getenv("DRIVER")) : 0);
		world_run(&w);
		dec += w.engine.decisions;
		done += w.done; over += w.overflow;
		if (w.failed) { fails++; printf("seed %lu %s %s: %s\n", s, profile_names[w.profile], w.violation.invariant, w.violation.text); }
	}
	printf("%lu worlds, %u failed, %u done, %u overflow, %lu decisions\n", b - a + 1, fails, done, over, dec);
}
