#include "logger-queue.h"

struct bytes *queue_begin(struct log_queue *queue)
{
    uint32_t none = 0;
    /* What was sent is in front; it is moved over when it is more than what is not. */
    if (queue->start > 0 && queue->start >= queue->bytes.length - queue->start) {
        queue->bytes.length -= queue->start;
        memmove(queue->bytes.data, queue->bytes.data + queue->start, queue->bytes.length);
        queue->start = 0;
    }
    queue->open = queue->bytes.length;
    queue->making = true;
    bytes_add(&queue->bytes, &none, sizeof none);
    return &queue->bytes;
}

void queue_end(struct log_queue *queue)
{
    uint32_t length = (uint32_t)(queue->bytes.length - queue->open - sizeof length);
    memcpy(queue->bytes.data + queue->open, &length, sizeof length);
    queue->messages++;
    queue->making = false;
}

size_t queue_size(const struct log_queue *queue)
{
    return queue->bytes.length - queue->start;
}

struct queue_mark queue_mark(const struct log_queue *queue)
{
    return (struct queue_mark){ queue_size(queue), queue->messages };
}

void queue_rewind(struct log_queue *queue, struct queue_mark mark)
{
    queue->bytes.length = queue->start + mark.size;
    queue->messages = mark.messages;
    queue->making = false;
}

const char *queue_next(const struct log_queue *queue, const char *after, size_t *size)
{
    uint32_t length;
    const char *at = queue->bytes.data + queue->start, *end = queue->bytes.data + queue->bytes.length;
    if (queue->messages == 0)
        return NULL;
    if (after) {
        memcpy(&length, after - sizeof length, sizeof length);
        at = after + length;
    }
    if (at >= end)
        return NULL;
    memcpy(&length, at, sizeof length);
    *size = length;
    return at + sizeof length;
}

void queue_drop(struct log_queue *queue)
{
    size_t size;
    if (!queue_next(queue, NULL, &size))
        return;
    queue->start += sizeof(uint32_t) + size;
    if (--queue->messages == 0)
        queue_clear(queue);
}

void queue_clear(struct log_queue *queue)
{
    bytes_free(&queue->bytes);
    *queue = (struct log_queue){ 0 };
}
