/* A part of a volume or an image, bound where the record `bind` of the plan expects it. Both are hostile. */
#ifndef SKIFF_SUBPATH_H
#define SKIFF_SUBPATH_H

#include <stdbool.h>

/* Makes an empty directory, or file, at `stage`, in the container's own directory, in place of an empty one that was there. Dies on failure. */
void stage_make(const char *stage, bool is_directory);

/* Binds `path` on `stage`: a path that stays beneath the fd `base`, whatever links there say. `kind` and `name` are for messages: "volume", "data". Dies on failure. */
void subpath_mount(int base, const char *path, const char *stage, const char *kind, const char *name);

#endif
