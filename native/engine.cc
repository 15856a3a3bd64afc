// What the engine says of itself, and its threads.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include "marshal.h"

namespace gantry {
namespace {

napi_value version(napi_env env, napi_callback_info) {
  return guarded(env, "version", [&] { return to_js(env, std::string(TORCH_VERSION)); });
}

napi_value configuration(napi_env env, napi_callback_info) {
  return guarded(env, "configuration", [&] { return to_js(env, at::show_config()); });
}

/// The instruction set whose kernels run, as the engine's own summary names it ("CPU capability usage: AVX2").
std::string cpu_capability_name() {
  static const std::string label = "CPU capability usage: ";
  const std::string configuration = at::show_config();
  const size_t start = configuration.find(label);
  if (start == std::string::npos) return "unknown";
  const size_t end = configuration.find('\n', start);
  return configuration.substr(start + label.size(), end - start - label.size());
}

napi_value cpu_capability(napi_env env, napi_callback_info) {
  return guarded(env, "cpuCapability", [&] { return to_js(env, cpu_capability_name()); });
}

napi_value threads(napi_env env, napi_callback_info) {
  return guarded(env, "threads", [&] { return to_js(env, static_cast<double>(at::get_num_threads())); });
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  return guarded(env, "setThreads", [&]() -> napi_value {
    const int64_t count = Arguments(env, info).integer(0);
    if (count < 1 || count > 4096) throw std::invalid_argument("between 1 and 4096 threads were expected");
    at::set_num_threads(static_cast<int>(count));
    return nullptr;
  });
}

napi_value has_cuda(napi_env env, napi_callback_info) {
  return guarded(env, "hasCuda", [&] { return to_js(env, at::hasCUDA()); });
}

napi_value has_mps(napi_env env, napi_callback_info) {
  return guarded(env, "hasMps", [&] { return to_js(env, at::hasMPS()); });
}

}  // namespace

void export_engine(napi_env env, napi_value exports) {
  export_function(env, exports, "version", version);
  export_function(env, exports, "configuration", configuration);
  export_function(env, exports, "cpuCapability", cpu_capability);
  export_function(env, exports, "threads", threads);
  export_function(env, exports, "setThreads", set_threads);
  export_function(env, exports, "hasCuda", has_cuda);
  export_function(env, exports, "hasMps", has_mps);
}

}  // namespace gantry
