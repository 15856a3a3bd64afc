// Settings and memory of GPUs that libtorch keeps itself: they can be compiled without CUDA, and mean nothing on a CPU.
#include "accelerator.h"

#include <ATen/Context.h>

#include "marshal.h"

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 13)
#include <c10/core/CachingDeviceAllocator.h>
#define GANTRY_DEVICE_STATS
#endif

namespace gantry {
namespace {

/// setTf32(flag): whether products and convolutions of float32 are rounded to TF32 on a GPU. Returns what was set before.
napi_value set_tf32(napi_env env, napi_callback_info info) {
  return guarded(env, "setTf32", [&] {
    at::Context& context = at::globalContext();
    const bool before = context.allowTF32CuBLAS();
    const bool flag = Arguments(env, info).boolean(0);
    context.setAllowTF32CuBLAS(flag);
    context.setAllowTF32CuDNN(flag);
    return to_js(env, before);
  });
}

/// setCudnnBenchmark(flag): whether cuDNN measures which of its algorithms is the fastest. Returns what was set before.
napi_value set_benchmark(napi_env env, napi_callback_info info) {
  return guarded(env, "setCudnnBenchmark", [&] {
    at::Context& context = at::globalContext();
    const bool before = context.benchmarkCuDNN();
    context.setBenchmarkCuDNN(Arguments(env, info).boolean(0));
    return to_js(env, before);
  });
}

/// deviceMemory(device): { reserved, peak, free, total } in bytes, or null where libtorch does not count it.
napi_value device_memory(napi_env env, napi_callback_info info) {
  return guarded(env, "deviceMemory", [&]() -> napi_value {
    const c10::Device device(Arguments(env, info).text(0));
    napi_value result;
#ifdef GANTRY_DEVICE_STATS
    auto* allocator = dynamic_cast<c10::DeviceAllocator*>(device.is_cpu() ? nullptr : c10::GetAllocator(device.type()));
    if (allocator != nullptr && allocator->initialized()) {
      using Statistic = c10::CachingAllocator::StatType;
      const c10::DeviceIndex index = device.has_index() ? device.index() : 0;
      const auto stats = allocator->getDeviceStats(index);
      const auto& reserved = stats.reserved_bytes[static_cast<size_t>(Statistic::AGGREGATE)];
      const auto [free, total] = allocator->getMemoryInfo(index);
      check(napi_create_object(env, &result), "object");
      const auto set = [&](const char* name, double bytes) {
        check(napi_set_named_property(env, result, name, to_js(env, bytes)), name);
      };
      set("reserved", static_cast<double>(reserved.current));
      set("peak", static_cast<double>(reserved.peak));
      set("free", static_cast<double>(free));
      set("total", static_cast<double>(total));
      return result;
    }
#endif
    check(napi_get_null(env, &result), "null");
    return result;
  });
}

}  // namespace

void export_accelerator(napi_env env, napi_value exports) {
  export_function(env, exports, "setTf32", set_tf32);
  export_function(env, exports, "setCudnnBenchmark", set_benchmark);
  export_function(env, exports, "deviceMemory", device_memory);
}

}  // namespace gantry
