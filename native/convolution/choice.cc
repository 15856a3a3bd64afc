#include "choice.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace gantry::convolution {
namespace {

using at::Tensor;

std::mutex guard;
std::map<std::string, std::string> table;
Mode mode = Mode::kRules;
double measuring = 0;

/// A way that takes this many times as long as the best one is not tried again.
constexpr double kHopeless = 1.3;
constexpr int kRuns = 3;

/// Sizes of a batch between two powers of 2 are one problem: under top-k training every size occurs.
int64_t bucket(int64_t batch) {
  int64_t size = 1;
  while (size < batch) size *= 2;
  return size;
}

std::string key_of(Direction direction, const Operands& o) {
  const Problem& p = o.problem;
  static const char* const names[] = {"forward", "image-gradient", "weight-gradient"};
  std::ostringstream key;
  key << names[static_cast<int>(direction)] << (mode == Mode::kExact ? "-exact" : "") << ':' << bucket(p.batch) << 'x'
      << p.channels << 'x' << p.height << 'x' << p.width << ':' << p.features << ':' << p.kernel[0] << 'x' << p.kernel[1]
      << ":s" << p.stride[0] << 'x' << p.stride[1] << ":p" << p.padding[0] << 'x' << p.padding[1] << ':'
      << (o.first.suggest_memory_format() == at::MemoryFormat::ChannelsLast ? "last" : "first");
  return key.str();
}

/// What the way gives is thrown away, the bias's gradient too: only the chosen way may give one.
double seconds_of(const Candidate& candidate, const Operands& o) {
  Tensor bias_gradient;
  const Operands trial = {o.problem, o.first, o.second, o.bias, o.bias_gradient == nullptr ? nullptr : &bias_gradient};
  const auto start = std::chrono::steady_clock::now();
  candidate.run(trial);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool admitted(const Candidate& candidate, const Operands& o) {
  return candidate.applies(o) && !(mode == Mode::kExact && candidate.rounds_more);
}

/// The fastest by its best run. The first run of each only wakes it up.
const Candidate& fastest(const std::vector<Candidate>& all, const Operands& o) {
  const Candidate* best = nullptr;
  double least = 0;
  for (const Candidate& candidate : all) {
    if (!admitted(candidate, o)) continue;
    seconds_of(candidate, o);
    double own = seconds_of(candidate, o);
    for (int i = 1; i < kRuns && (best == nullptr || own < kHopeless * least); i++) own = std::min(own, seconds_of(candidate, o));
    if (best == nullptr || own < least) {
      best = &candidate;
      least = own;
    }
  }
  return *best;
}

const Candidate& chosen(Direction direction, const Operands& o) {
  const std::vector<Candidate>& all = candidates(direction);
  const std::lock_guard<std::mutex> lock(guard);
  if (mode == Mode::kRules || o.first.scalar_type() != at::kFloat || at::in_parallel_region()) {
    return *std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) { return candidate.applies(o); });
  }
  const std::string key = key_of(direction, o);
  const auto known = table.find(key);
  if (known != table.end()) {
    for (const Candidate& candidate : all)
      if (candidate.name == known->second && admitted(candidate, o)) return candidate;
  }
  const auto start = std::chrono::steady_clock::now();
  const Candidate& best = fastest(all, o);
  measuring += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  table[key] = best.name;
  return best;
}

}  // namespace

Tensor compute(Direction direction, const Operands& operands) {
  return chosen(direction, operands).run(operands);
}

void set_mode(Mode wanted) {
  const std::lock_guard<std::mutex> lock(guard);
  mode = wanted;
}

int64_t choice_count() {
  const std::lock_guard<std::mutex> lock(guard);
  return static_cast<int64_t>(table.size());
}

std::string choices() {
  const std::lock_guard<std::mutex> lock(guard);
  std::ostringstream lines;
  for (const auto& [key, name] : table) lines << key << ' ' << name << '\n';
  return lines.str();
}

void set_choices(const std::string& lines) {
  std::map<std::string, std::string> read;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const size_t space = line.find(' ');
    if (space == std::string::npos || space == 0) throw std::invalid_argument("not a choice of a convolution: " + line);
    read[line.substr(0, space)] = line.substr(space + 1);
  }
  const std::lock_guard<std::mutex> lock(guard);
  table = std::move(read);
}

double seconds_measuring() {
  const std::lock_guard<std::mutex> lock(guard);
  return measuring;
}

}  // namespace gantry::convolution
