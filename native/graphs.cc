// CUDA graphs: what a step gives to a GPU to do, captured once and repeated with one call. Builds of libtorch without CUDA
// refuse them.
#include "accelerator.h"
#include "environment.h"

// CUDA's own headers are not a part of libtorch.
#if defined(GANTRY_CUDA) && __has_include(<cuda_runtime_api.h>) && __has_include(<crt/host_config.h>)
#define GANTRY_CUDA_GRAPHS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace gantry {

#ifdef GANTRY_CUDA_GRAPHS
/// A graph and the device on which it was captured.
struct DeviceGraph {
  explicit DeviceGraph(c10::Device device) : device(device) {}
  c10::Device device;
  at::cuda::CUDAGraph graph;
};
#else
struct DeviceGraph {};
#endif

namespace {

/// hasGraphs(device): whether this binding can capture what the device does.
napi_value has_graphs(napi_env env, napi_callback_info info) {
  return guarded(env, "hasGraphs", [&] {
    const c10::Device device(Arguments(env, info).text(0));
#ifdef GANTRY_CUDA_GRAPHS
    return to_js(env, device.is_cuda());
#else
    return to_js(env, false);
#endif
  });
}

#ifdef GANTRY_CUDA_GRAPHS

c10::DeviceIndex index_of(const c10::Device& device) { return device.has_index() ? device.index() : 0; }

/// graphStream(device, flag): from now on this thread gives its work to a stream that can be captured; or to the default
/// one again, which cannot.
napi_value graph_stream(napi_env env, napi_callback_info info) {
  return guarded(env, "graphStream", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const c10::cuda::CUDAGuard guard(index_of(c10::Device(arguments.text(0))));
    // All that was given to the stream before must be there for the work on this one.
    c10::cuda::device_synchronize();
    const bool flag = arguments.boolean(1);
    c10::cuda::setCurrentCUDAStream(flag ? c10::cuda::getStreamFromPool() : c10::cuda::getDefaultCUDAStream());
    return nullptr;
  });
}

/// graphBegin(device, other): captures, and does not do, what this thread gives to the device until graphEnd. The graph
/// shares its memory with `other`, 0 for none. Returns the graph.
napi_value graph_begin(napi_env env, napi_callback_info info) {
  return guarded(env, "graphBegin", [&] {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    const c10::Device device(arguments.text(0));
    const c10::cuda::CUDAGuard guard(index_of(device));
    const uint32_t other = arguments.number(1);
    auto made = std::make_shared<DeviceGraph>(device);
    c10::cuda::device_synchronize();
    if (other == 0)
      made->graph.capture_begin();
    else
      made->graph.capture_begin(environment.graphs.at(other, "graph")->graph.pool());
    return to_js(env, static_cast<double>(environment.graphs.insert(std::move(made))));
  });
}

template <typename Body>
napi_value with_graph(napi_env env, napi_callback_info info, const char* name, Body body) {
  return guarded(env, name, [&]() -> napi_value {
    DeviceGraph& found = *environment_of(env).graphs.at(Arguments(env, info).number(0), "graph");
    const c10::cuda::CUDAGuard guard(index_of(found.device));
    body(found.graph);
    return nullptr;
  });
}

/// graphEnd(graph): ends the capture.
napi_value graph_end(napi_env env, napi_callback_info info) {
  return with_graph(env, info, "graphEnd", [](at::cuda::CUDAGraph& graph) { graph.capture_end(); });
}

/// graphReplay(graph): does once what was captured.
napi_value graph_replay(napi_env env, napi_callback_info info) {
  return with_graph(env, info, "graphReplay", [](at::cuda::CUDAGraph& graph) { graph.replay(); });
}

/// graphRelease(graph)
napi_value graph_release(napi_env env, napi_callback_info info) {
  return guarded(env, "graphRelease", [&]() -> napi_value {
    // A replay may still be running.
    Environment& environment = environment_of(env);
    const uint32_t number = Arguments(env, info).number(0);
    const c10::cuda::CUDAGuard guard(index_of(environment.graphs.at(number, "graph")->device));
    c10::cuda::device_synchronize();
    environment.graphs.release(number);
    return nullptr;
  });
}

#endif

}  // namespace

void export_graphs(napi_env env, napi_value exports) {
  export_function(env, exports, "hasGraphs", has_graphs);
#ifdef GANTRY_CUDA_GRAPHS
  export_function(env, exports, "graphStream", graph_stream);
  export_function(env, exports, "graphBegin", graph_begin);
  export_function(env, exports, "graphEnd", graph_end);
  export_function(env, exports, "graphReplay", graph_replay);
  export_function(env, exports, "graphRelease", graph_release);
#endif
}

}  // namespace gantry
