// Which way computes a convolution: the fastest one, measured when a problem is met for the first time (as cuDNN's benchmark
// mode does), or what a table from an earlier measurement says, or a rule.
#pragma once

#include <string>

#include "candidates.h"

namespace gantry::convolution {

enum class Mode {
  kRules,    // nothing is measured: the first way that applies
  kMeasure,  // of all ways
  kExact,    // of the ways that round as a sum of products does
};

/// Computes it, and measures first where the mode asks for it and the table has no entry.
at::Tensor compute(Direction direction, const Operands& operands);

void set_mode(Mode mode);

/// How many problems the table knows.
int64_t choice_count();

/// The table, one line per problem: "<problem> <way>".
std::string choices();

/// Replaces the table. Throws std::invalid_argument for a line of another form; unknown ways are measured again.
void set_choices(const std::string& lines);

/// Seconds that measuring has taken in this process.
double seconds_measuring();

}  // namespace gantry::convolution
