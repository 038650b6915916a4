// Streams, events and graphs: a graph is the list of what a stream was given while it captured.
#include "fake_cuda.h"

#include <chrono>

#define ENTER(function) std::lock_guard<std::recursive_mutex> guard(driver().lock); if (const int failed = enter(#function)) return failed

EXPORT int fake_cuda_enqueue(void* handle, const std::function<int()>* work)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    auto* stream = (Stream*)handle;
    if (stream == nullptr || !stream->capturing) return (*work)();
    stream->captured.push_back(*work);
    return Success;
}

EXPORT int cuStreamCreate(void** stream, unsigned)
{
    ENTER(cuStreamCreate);
    *stream = new Stream;
    driver().streams++;
    return Success;
}

EXPORT int cuStreamDestroy_v2(void* stream)
{
    ENTER(cuStreamDestroy_v2);
    delete (Stream*)stream;
    driver().streams--;
    return Success;
}

EXPORT int cuStreamSynchronize(void* handle)
{
    ENTER(cuStreamSynchronize);
    auto* stream = (Stream*)handle;
    if (stream != nullptr && stream->capturing)
    {
        stream->invalidated = true;
        return CaptureUnsupported;
    }
    if (const int damage = check_sentinels()) return lose(damage);
    return Success;
}

EXPORT int cuStreamBeginCapture_v2(void* handle, int)
{
    ENTER(cuStreamBeginCapture_v2);
    auto* stream = (Stream*)handle;
    if (stream == nullptr || stream->capturing) return InvalidValue;
    stream->capturing = true;
    stream->invalidated = false;
    stream->captured.clear();
    return Success;
}

EXPORT int cuStreamEndCapture(void* handle, void** graph)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    auto* stream = (Stream*)handle;
    *graph = nullptr;
    if (!stream->capturing) return InvalidValue;
    stream->capturing = false;
    if (const int failed = enter("cuStreamEndCapture")) return failed;
    if (stream->invalidated) return CaptureInvalidated;
    *graph = new Graph { std::move(stream->captured) };
    driver().graphs++;
    return Success;
}

EXPORT int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long)
{
    ENTER(cuGraphInstantiateWithFlags);
    *executable = new Graph(*(Graph*)graph);
    driver().graphs++;
    return Success;
}

EXPORT int cuGraphLaunch(void* executable, void* stream)
{
    ENTER(cuGraphLaunch);
    for (const auto& work : ((Graph*)executable)->work)
        if (const int failed = fake_cuda_enqueue(stream, &work)) return failed;
    return Success;
}

static int destroy(void* graph)
{
    delete (Graph*)graph;
    driver().graphs--;
    return Success;
}

EXPORT int cuGraphExecDestroy(void* executable)
{
    ENTER(cuGraphExecDestroy);
    return destroy(executable);
}

EXPORT int cuGraphDestroy(void* graph)
{
    ENTER(cuGraphDestroy);
    return destroy(graph);
}

EXPORT int cuEventCreate(void** event, unsigned)
{
    ENTER(cuEventCreate);
    *event = new Event;
    driver().events++;
    return Success;
}

EXPORT int cuEventDestroy_v2(void* event)
{
    ENTER(cuEventDestroy_v2);
    delete (Event*)event;
    driver().events--;
    return Success;
}

EXPORT int cuEventRecord(void* event, void* stream)
{
    ENTER(cuEventRecord);
    const std::function<int()> work = [event] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        ((Event*)event)->milliseconds = std::chrono::duration<double, std::milli>(now).count();
        return Success;
    };
    return fake_cuda_enqueue(stream, &work);
}

EXPORT int cuEventSynchronize(void*)
{
    // Nothing is ever on its way: the stream runs what it is given at once.
    ENTER(cuEventSynchronize);
    return Success;
}

EXPORT int cuEventElapsedTime(float* milliseconds, void* start, void* end)
{
    ENTER(cuEventElapsedTime);
    *milliseconds = (float)(((Event*)end)->milliseconds - ((Event*)start)->milliseconds);
    return Success;
}
