/* skiff-helper rotate-events PATH: moves the file of events away if it is full; for skiff, which has no flock(2). */
#include "events.h"
#include "roles.h"
#include "util.h"

int role_rotate_events(int argc, char **argv)
{
    if (argc != 2)
        die("usage: rotate-events PATH");
    event_rotate(argv[1]);
    return 0;
}
