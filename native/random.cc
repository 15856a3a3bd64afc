// Random numbers: seeded generators, and the state of the device's default generator.
#include <ATen/Context.h>

#include <mutex>

#include "marshal.h"

namespace gantry {
namespace {

at::Generator default_generator(const std::string& device) {
  c10::Device found(device);
  // A device that computes with the CPU's operators draws with its generator (test/device/other-device.cc).
  if (found.type() == c10::DeviceType::PrivateUse1) found = c10::kCPU;
  return at::globalContext().defaultGenerator(found);
}

template <typename Body>
napi_value with_generator(napi_env env, napi_callback_info info, const char* name, Body body) {
  return guarded(env, name, [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    napi_valuetype type;
    check(napi_typeof(env, arguments[0], &type), "typeof");
    at::Generator generator = type == napi_string ? default_generator(arguments.text(0))
                                                  : environment.generators.at(arguments.number(0), "generator");
    const std::lock_guard<std::mutex> lock(generator.mutex());
    return body(environment, generator, arguments);
  });
}

/// generator(device, seed): a new generator, independent of the default one.
napi_value create(napi_env env, napi_callback_info info) {
  return guarded(env, "Generator", [&]() -> napi_value {
    const Arguments arguments(env, info);
    at::Generator source = default_generator(arguments.text(0));
    at::Generator generator = [&] {
      // Another thread may be drawing from it.
      const std::lock_guard<std::mutex> lock(source.mutex());
      return source.clone();
    }();
    generator.set_current_seed(static_cast<uint64_t>(arguments.integer(1)));
    napi_value result;
    check(napi_create_uint32(env, environment_of(env).generators.insert(std::move(generator)), &result), "number");
    return result;
  });
}

napi_value release(napi_env env, napi_callback_info info) {
  return guarded(env, "Generator", [&]() -> napi_value {
    const Arguments arguments(env, info);
    environment_of(env).generators.release(arguments.number(0));
    return nullptr;
  });
}

napi_value seed(napi_env env, napi_callback_info info) {
  return with_generator(env, info, "manualSeed",
                        [&](Environment&, at::Generator& generator, const Arguments& arguments) -> napi_value {
                          generator.set_current_seed(static_cast<uint64_t>(arguments.integer(1)));
                          return nullptr;
                        });
}

napi_value get_state(napi_env env, napi_callback_info info) {
  return with_generator(env, info, "getState",
                        [&](Environment& environment, at::Generator& generator, const Arguments&) -> napi_value {
                          napi_value result;
                          check(napi_create_uint32(env, environment.tensors.insert(generator.get_state()), &result),
                                "number");
                          return result;
                        });
}

napi_value set_state(napi_env env, napi_callback_info info) {
  return with_generator(
      env, info, "setState",
      [&](Environment& environment, at::Generator& generator, const Arguments& arguments) -> napi_value {
        generator.set_state(environment.tensors.at(arguments.number(1), "tensor"));
        return nullptr;
      });
}

}  // namespace

void export_random(napi_env env, napi_value exports) {
  export_function(env, exports, "generator", create);
  export_function(env, exports, "releaseGenerator", release);
  export_function(env, exports, "seed", seed);
  export_function(env, exports, "getState", get_state);
  export_function(env, exports, "setState", set_state);
}

}  // namespace gantry
