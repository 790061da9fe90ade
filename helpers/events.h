/* The file of events: one of Docker's event objects a line, appended by whoever has something to tell. */
#ifndef SKIFF_EVENTS_H
#define SKIFF_EVENTS_H

#include <stddef.h>

/*
 * A file that has so many bytes is full: it becomes PATH.1, and the next event begins a new one. But not before PATH.1 has been there for so many
 * seconds: a reader shall find each file before another takes its place, however much is written.
 */
enum { EVENTS_MAXIMUM = 1 << 20, EVENTS_APART = 10 };

/* Who an event is about. The texts are the inside of JSON strings already. */
struct event_subject {
    const char *id, *image, *name;
    const char *attributes; /* further members of Actor.Attributes, each with a comma behind it; or nothing */
};

/* One line for `action` at this moment, to be freed. `extra`: members of Actor.Attributes as above, without a comma behind the last; NULL for none. */
char *event_line(const struct event_subject *subject, const char *action, const char *extra);
/* Appends it to the file at `path` with one write(2), so that lines of several writers do not mix. What cannot be written is lost: -1 with errno. */
int event_append(const char *path, const char *line);
/* Moves the file at `path` away if it is full. Of several that do so at once one does it. */
void event_rotate(const char *path);

#endif
