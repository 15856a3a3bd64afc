// The engine's description of itself, and its threads.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

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

/// loopThreads(): the threads that a parallel loop of the binding runs on.
napi_value loop_threads(napi_env env, napi_callback_info) {
  return guarded(env, "loopThreads", [&] {
    std::mutex guard;
    std::set<std::thread::id> seen;
    at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
      const std::lock_guard<std::mutex> lock(guard);
      seen.insert(std::this_thread::get_id());
    });
    return to_js(env, static_cast<double>(seen.size()));
  });
}

/// OpenBLAS keeps threads of its own; it is found, where it is what runs, through the binding's own dependencies.
template <typename Function>
Function* open_blas(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

/// OpenBLAS copies what it multiplies into a buffer of each thread, and prefetches beyond what it has copied. Memory there that
/// was never written has no page, and every prefetch looks for it in vain: on a Zen 1 products of 256 x 256 ran at a third of
/// their rate until the first large one. So each thread computes a large one.
void write_product_buffers() {
  if (open_blas<char*()>("openblas_get_corename") == nullptr) return;
  const at::Tensor left = at::zeros({256, 1024}), right = at::zeros({1024, 1024});
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) at::mm(left, right);
  });
}

/// The number of threads is one for the process, although OpenMP keeps it by thread: a worker without a setting of its
/// own gets that of the first environment.
std::atomic<int> settled_threads{0};

/// setThreads(count, wanted): `wanted` is false for a default, which an earlier number replaces.
napi_value set_threads(napi_env env, napi_callback_info info) {
  return guarded(env, "setThreads", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const int64_t asked = arguments.integer(0);
    if (asked < 1 || asked > 4096) throw std::invalid_argument("between 1 and 4096 threads were expected");
    int count = static_cast<int>(asked);
    int before = 0;
    if (!settled_threads.compare_exchange_strong(before, count)) {
      if (arguments.boolean(1))
        settled_threads = count;
      else
        count = before;
    }
    at::set_num_threads(count);
    // Its environment variable is read when the library is loaded, which an earlier worker may have caused.
    if (auto* set_blas_threads = open_blas<void(int)>("openblas_set_num_threads")) set_blas_threads(count);
    write_product_buffers();
    return nullptr;
  });
}

/// blas(): { configuration, core, threads } of OpenBLAS, or null where another library does the products.
napi_value blas(napi_env env, napi_callback_info) {
  return guarded(env, "blas", [&]() -> napi_value {
    napi_value result;
    auto* threads = open_blas<int()>("openblas_get_num_threads");
    auto* configuration = open_blas<char*()>("openblas_get_config");
    auto* core = open_blas<char*()>("openblas_get_corename");
    if (threads == nullptr || configuration == nullptr || core == nullptr) {
      check(napi_get_null(env, &result), "null");
      return result;
    }
    check(napi_create_object(env, &result), "object");
    check(napi_set_named_property(env, result, "configuration", to_js(env, std::string(configuration()))), "blas");
    check(napi_set_named_property(env, result, "core", to_js(env, std::string(core()))), "blas");
    check(napi_set_named_property(env, result, "threads", to_js(env, static_cast<double>(threads()))), "blas");
    return result;
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
  export_function(env, exports, "loopThreads", loop_threads);
  export_function(env, exports, "setThreads", set_threads);
  export_function(env, exports, "blas", blas);
  export_function(env, exports, "hasCuda", has_cuda);
  export_function(env, exports, "hasMps", has_mps);
}

}  // namespace gantry
