// TorchScript modules: load a file that another program saved, run it.
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "marshal.h"

namespace gantry {
namespace {

/// scriptLoad(path, device)
napi_value load(napi_env env, napi_callback_info info) {
  return guarded(env, "torchscript.load", [&]() -> napi_value {
    const Arguments arguments(env, info);
    auto module = std::make_shared<torch::jit::Module>(
        torch::jit::load(arguments.text(0), c10::Device(arguments.text(1))));
    module->eval();
    napi_value result;
    check(napi_create_uint32(env, environment_of(env).scripts.insert(std::move(module)), &result), "number");
    return result;
  });
}

/// JavaScript must be able to tell a tensor's number from a number: so nothing else may come back.
bool is_tensors(const c10::IValue& value) {
  const auto all = [](const auto& elements) {
    for (const c10::IValue element : elements)
      if (!element.isTensor()) return false;
    return true;
  };
  if (value.isTuple()) return all(value.toTupleRef().elements());
  return value.isTensor() || value.isTensorList() || (value.isList() && all(value.toList()));
}

/// scriptForward(module, tensors)
napi_value forward(napi_env env, napi_callback_info info) {
  return guarded(env, "forward", [&]() -> napi_value {
    const Arguments arguments(env, info);
    Environment& environment = environment_of(env);
    std::vector<c10::IValue> inputs;
    for (uint32_t number : arguments.numbers(1)) inputs.emplace_back(environment.tensors.at(number, "tensor"));
    const auto module = environment.scripts.at(arguments.number(0), "module");
    const c10::IValue result = module->forward(std::move(inputs));
    if (!is_tensors(result))
      throw std::invalid_argument("the module returned " + result.tagKind() + "; a tensor, or a tuple or list of tensors, is needed");
    return result_to_js(env, environment, result);
  });
}

/// scriptState(module): an object of its tensors by name
napi_value state(napi_env env, napi_callback_info info) {
  return guarded(env, "torchscript.state", [&]() -> napi_value {
    Environment& environment = environment_of(env);
    const auto module = environment.scripts.at(Arguments(env, info).number(0), "module");
    napi_value result;
    check(napi_create_object(env, &result), "object");
    for (const auto& attribute : module->named_attributes(/*recurse=*/true)) {
      if (!attribute.value.isTensor() || !attribute.value.toTensor().defined()) continue;
      napi_value number;
      // A tensor of its own: what JavaScript frees or writes to is not the module's.
      check(napi_create_uint32(env, number_of(environment, attribute.value.toTensor().detach().clone()), &number),
            "number");
      check(napi_set_named_property(env, result, attribute.name.c_str(), number), "property");
    }
    return result;
  });
}

napi_value release(napi_env env, napi_callback_info info) {
  return guarded(env, "torchscript", [&]() -> napi_value {
    environment_of(env).scripts.release(Arguments(env, info).number(0));
    return nullptr;
  });
}

}  // namespace

void export_script(napi_env env, napi_value exports) {
  export_function(env, exports, "scriptLoad", load);
  export_function(env, exports, "scriptForward", forward);
  export_function(env, exports, "scriptState", state);
  export_function(env, exports, "scriptRelease", release);
}

}  // namespace gantry
