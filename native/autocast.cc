#include "autocast.h"

#include <ATen/autocast_mode.h>

#include <stdexcept>

#include "marshal.h"

namespace gantry {
namespace {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool enabled(c10::DeviceType device) { return at::autocast::is_autocast_enabled(device); }
at::ScalarType type_of(c10::DeviceType device) { return at::autocast::get_autocast_dtype(device); }
void set(c10::DeviceType device, bool on, at::ScalarType type) {
  at::autocast::set_autocast_enabled(device, on);
  if (on) at::autocast::set_autocast_dtype(device, type);
}
#else
bool enabled(c10::DeviceType device) {
  return device == c10::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
at::ScalarType type_of(c10::DeviceType device) {
  return device == c10::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
}
void set(c10::DeviceType device, bool on, at::ScalarType type) {
  if (device == c10::kCUDA) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(type);
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(type);
  }
}
#endif

c10::DeviceType device_from(const std::string& name) {
  const c10::DeviceType device = c10::Device(name).type();
  if (device != c10::kCPU && device != c10::kCUDA)
    throw std::invalid_argument("low precision is for the devices cpu and cuda, not for " + name);
  return device;
}

/// setAutocast(device, dtype): dtype "" for off. Returns what was set before.
napi_value set_autocast(napi_env env, napi_callback_info info) {
  return guarded(env, "setAutocast", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const c10::DeviceType device = device_from(arguments.text(0));
    const std::string name = arguments.text(1);
    const Optional<at::ScalarType> before = autocast_type(device);
    // Casts of parameters are not kept: one made without recording would have no gradient, and one made before an update
    // would be out of date after it.
    at::autocast::set_autocast_cache_enabled(false);
    set(device, !name.empty(), name.empty() ? at::kFloat : dtype_from_name(name));
    return to_js(env, before.has_value() ? dtype_name(*before) : std::string());
  });
}

}  // namespace

Optional<at::ScalarType> autocast_type(c10::DeviceType device) {
  if ((device != c10::kCPU && device != c10::kCUDA) || !enabled(device)) return {};
  return type_of(device);
}

at::Tensor cast_operand(const at::Tensor& tensor, at::ScalarType type) {
  const bool eligible = tensor.defined() && tensor.is_floating_point() && tensor.scalar_type() != at::kDouble;
  return eligible ? tensor.to(type) : tensor;
}

void export_autocast(napi_env env, napi_value exports) { export_function(env, exports, "setAutocast", set_autocast); }

}  // namespace gantry
