// Every operator of ATen by name: a schema is looked up once, and the JavaScript function made for it calls the
// dispatcher's boxed entry, so autograd, all devices and all versions come with it.
#include <ATen/core/dispatch/Dispatcher.h>

#include "marshal.h"

namespace gantry {

struct Operator {
  std::string name;
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
  /// The argument that an in-place operator returns, or -1: JavaScript then keeps the object that it has.
  int32_t returned_argument = -1;

  explicit Operator(const c10::OperatorHandle& found) : handle(found) {
    const c10::FunctionSchema& schema = handle.schema();
    name = schema.name() + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
    for (const c10::Argument& argument : schema.arguments()) parameters.emplace_back(argument);
    if (schema.returns().size() != 1) return;
    const c10::AliasInfo* result = schema.returns()[0].alias_info();
    if (result == nullptr || !result->isWrite()) return;
    for (size_t i = 0; i < schema.arguments().size(); i++) {
      const c10::AliasInfo* alias = schema.arguments()[i].alias_info();
      if (alias != nullptr && alias->isWrite() && alias->beforeSets() == result->beforeSets())
        returned_argument = static_cast<int32_t>(i);
    }
  }
};

namespace {

napi_value call(napi_env env, napi_callback_info info) {
  const char* name = "operator";
  return guarded(env, name, [&]() -> napi_value {
    const Arguments arguments(env, info);
    Operator& op = *static_cast<Operator*>(arguments.data());
    try {
      Environment& environment = environment_of(env);
      const size_t given = arguments.count();
      if (given > op.parameters.size())
        throw std::invalid_argument("takes " + std::to_string(op.parameters.size()) + " arguments, got " +
                                    std::to_string(given));
      torch::jit::Stack stack;
      stack.reserve(op.parameters.size());
      for (size_t i = 0; i < op.parameters.size(); i++) {
        const Parameter& parameter = op.parameters[i];
        stack.push_back(i < given ? from_js(env, environment, parameter, arguments[i]) : when_absent(parameter));
      }
      op.handle.callBoxed(stack);
      if (op.returned_argument >= 0 || stack.empty()) return nullptr;
      if (stack.size() == 1) return result_to_js(env, environment, stack[0]);
      napi_value results;
      check(napi_create_array_with_length(env, stack.size(), &results), "results");
      for (size_t i = 0; i < stack.size(); i++)
        check(napi_set_element(env, results, i, result_to_js(env, environment, stack[i])), "results");
      return results;
    } catch (...) {
      raise_current(env, op.name);
      return nullptr;
    }
  });
}

/// operator(name, overload): { call, schema, parameters: [{ name, kind, optional, hasDefault }], returned } or null.
napi_value find_operator(napi_env env, napi_callback_info info) {
  return guarded(env, "operator", [&]() -> napi_value {
    const Arguments arguments(env, info);
    const auto found =
        c10::Dispatcher::singleton().findSchema({arguments.text(0).c_str(), arguments.text(1).c_str()});
    napi_value result;
    if (!found.has_value()) {
      check(napi_get_null(env, &result), "null");
      return result;
    }
    Environment& environment = environment_of(env);
    environment.operators.push_back(std::make_shared<Operator>(*found));
    Operator& op = *environment.operators.back();

    check(napi_create_object(env, &result), "object");
    napi_value function;
    check(napi_create_function(env, op.name.c_str(), op.name.size(), call, &op, &function), "function");
    check(napi_set_named_property(env, result, "call", function), "call");
    const auto set = [&](napi_value target, const char* key, napi_value value) {
      check(napi_set_named_property(env, target, key, value), key);
    };
    std::ostringstream schema;
    schema << op.handle.schema();
    set(result, "schema", to_js(env, schema.str()));
    set(result, "returned", to_js(env, static_cast<double>(op.returned_argument)));
    napi_value list;
    check(napi_create_array(env, &list), "list");
    for (size_t i = 0; i < op.parameters.size(); i++) {
      const Parameter& parameter = op.parameters[i];
      napi_value entry;
      check(napi_create_object(env, &entry), "object");
      set(entry, "name", to_js(env, parameter.name));
      set(entry, "type", to_js(env, parameter.type));
      set(entry, "kind", to_js(env, static_cast<double>(parameter.kind)));
      set(entry, "required", to_js(env, !parameter.has_default && !parameter.optional));
      check(napi_set_element(env, list, i, entry), "list element");
    }
    set(result, "parameters", list);
    return result;
  });
}

}  // namespace

void export_operators(napi_env env, napi_value exports) { export_function(env, exports, "operator", find_operator); }

}  // namespace gantry
