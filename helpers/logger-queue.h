/* Messages on their way to a receiver: in order, each with its length, in one block of memory that is there only while something waits. */
#ifndef SKIFF_LOGGER_QUEUE_H
#define SKIFF_LOGGER_QUEUE_H

#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero is empty. */
struct log_queue {
    struct bytes bytes;
    size_t start;    /* where the first message begins */
    size_t messages;
    size_t open;     /* where the message that is being made begins; 0 with `making` false: none is */
    bool making;
};

/* Begins a message: whatever is added to the returned bytes belongs to it. */
struct bytes *queue_begin(struct log_queue *queue);
/* The message is whole. */
void queue_end(struct log_queue *queue);
/* Bytes that wait, lengths among them. */
size_t queue_size(const struct log_queue *queue);
/* A place to return to with queue_rewind, which takes back all messages made since. */
struct queue_mark {
    size_t size, messages;
};
struct queue_mark queue_mark(const struct log_queue *queue);
void queue_rewind(struct log_queue *queue, struct queue_mark mark);
/* The first message, or the one behind `after` (NULL: the first); NULL when there is none. Good until the queue is changed. */
const char *queue_next(const struct log_queue *queue, const char *after, size_t *size);
/* Takes the first message away; memory is given back with the last. */
void queue_drop(struct log_queue *queue);
void queue_clear(struct log_queue *queue);

#endif
