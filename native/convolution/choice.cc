#include "choice.h"

#include <ATen/Parallel.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace gantry::convolution {
namespace {

using at::Tensor;

/// What a choice depends on, in numbers: direction, mode, memory format, batch, and the rest of the problem.
using Key = std::array<int64_t, 14>;

std::mutex guard;
/// As it is read and written.
std::map<std::string, std::string> table;
/// The same for the problems that this process has met: a step asks at every convolution.
std::map<Key, const Candidate*> met;
Mode mode = Mode::kRules;
double measuring = 0;

/// All ways run in turns: at least twice, and at most kRounds times until this many seconds have gone by.
constexpr double kEnough = 0.05;
constexpr int kRounds = 3;

/// A way whose best run took this many times as long as the best one of all is not tried again.
constexpr double kHopeless = 1.5;

/// Ways are compared on samples that have this many positions of features together. Below, what a way does once for its weights
/// would count too much; above, it takes longer and says the same.
constexpr int64_t kPositions = 2048;

/// Sizes of a batch between two powers of 2 are one problem: under top-k training every size occurs.
int64_t bucket(int64_t batch) {
  int64_t size = 1;
  while (size < batch) size *= 2;
  return size;
}

bool is_channels_last(const Operands& o) { return o.first.suggest_memory_format() == at::MemoryFormat::ChannelsLast; }

Key key_of(Direction direction, const Operands& o) {
  const Problem& p = o.problem;
  return {static_cast<int64_t>(direction), mode == Mode::kExact, is_channels_last(o), bucket(p.batch), p.channels,   p.height,
          p.width,                         p.features,           p.kernel[0],         p.kernel[1],     p.stride[0],  p.stride[1],
          p.padding[0],                    p.padding[1]};
}

std::string text_of(Direction direction, const Operands& o) {
  const Problem& p = o.problem;
  static const char* const names[] = {"forward", "image-gradient", "weight-gradient"};
  std::ostringstream text;
  text << names[static_cast<int>(direction)] << (mode == Mode::kExact ? "-exact" : "") << ':' << bucket(p.batch) << 'x'
       << p.channels << 'x' << p.height << 'x' << p.width << ':' << p.features << ':' << p.kernel[0] << 'x' << p.kernel[1]
       << ":s" << p.stride[0] << 'x' << p.stride[1] << ":p" << p.padding[0] << 'x' << p.padding[1] << ':'
       << (is_channels_last(o) ? "last" : "first");
  return text.str();
}

double seconds_on(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

/// What the way gives is thrown away, the bias's gradient too: only the chosen way may give one. One thread counts its own
/// processor time, so that other work on the machine does not.
double seconds_of(const Candidate& candidate, const Operands& o) {
  Tensor bias_gradient;
  const Operands trial = {o.problem, o.first, o.second, o.bias, o.bias_gradient == nullptr ? nullptr : &bias_gradient};
  const clockid_t clock = at::get_num_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const double start = seconds_on(clock);
  candidate.run(trial);
  return seconds_on(clock) - start;
}

bool admitted(const Candidate& candidate, const Operands& o) {
  return candidate.applies(o) && !(mode == Mode::kExact && candidate.rounds_more);
}

/// The one with the shortest run.
const Candidate& fastest(Direction direction, const std::vector<Candidate>& all, const Operands& o) {
  Problem part = o.problem;
  part.batch = std::min(part.batch, std::max<int64_t>(1, kPositions / (part.feature_height * part.feature_width)));
  const Tensor first = o.first.narrow(0, 0, part.batch);
  const Tensor second = direction == Direction::kWeightGradient ? o.second.narrow(0, 0, part.batch) : o.second;
  const Operands sample = {part, first, second, o.bias, o.bias_gradient};
  std::map<const Candidate*, double> shortest;
  for (const Candidate& candidate : all)
    if (admitted(candidate, o)) shortest[&candidate] = std::numeric_limits<double>::infinity();
  const Candidate* best = shortest.begin()->first;
  double spent = 0;
  for (int round = 0; round < 2 || (round < kRounds && spent < kEnough); round++) {
    for (auto& [candidate, seconds] : shortest) {
      if (round > 0 && seconds > kHopeless * shortest[best]) continue;
      const double own = seconds_of(*candidate, sample);
      spent += own;
      seconds = std::min(seconds, own);
      if (seconds < shortest[best]) best = candidate;
    }
  }
  return *best;
}

/// What the table says, if that is a way which is there and may be taken.
const Candidate* known(const std::string& text, const std::vector<Candidate>& all, const Operands& o) {
  const auto entry = table.find(text);
  if (entry == table.end()) return nullptr;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
    return candidate.name == entry->second && admitted(candidate, o);
  });
  return found == all.end() ? nullptr : &*found;
}

const Candidate& chosen(Direction direction, const Operands& o) {
  const std::vector<Candidate>& all = candidates(direction);
  const std::lock_guard<std::mutex> lock(guard);
  if (mode == Mode::kRules || o.first.scalar_type() != at::kFloat || at::in_parallel_region()) {
    return *std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) { return candidate.applies(o); });
  }
  const Candidate*& choice = met[key_of(direction, o)];
  if (choice != nullptr) return *choice;
  const std::string text = text_of(direction, o);
  choice = known(text, all, o);
  if (choice == nullptr) {
    const double start = seconds_on(CLOCK_MONOTONIC);
    choice = &fastest(direction, all, o);
    measuring += seconds_on(CLOCK_MONOTONIC) - start;
    table[text] = choice->name;
  }
  return *choice;
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
  met.clear();
}

double seconds_measuring() {
  const std::lock_guard<std::mutex> lock(guard);
  return measuring;
}

}  // namespace gantry::convolution
