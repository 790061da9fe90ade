/* What the monitor has no zlib for: full log files become smaller, and GELF goes out compressed. */
#ifndef SKIFF_TREE_LOG_H
#define SKIFF_TREE_LOG_H

/*
 * A log file on fd 0 becomes a gzip file on fd 1, which is on the disk when this returns. Its header says when the last line was written,
 * as Docker's does, so that a reader need not look into what is too old.
 */
void log_gzip(void);

/* Messages of a SOCK_SEQPACKET on fd 0, until its end, go compressed (`type`: gzip or zlib; `level`: -1 to 9) to the connected UDP socket on fd 1. */
void log_gelf(const char *type, const char *level);

#endif
