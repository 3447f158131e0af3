#ifndef STEREOFARM_COORDINATOR_CLI_HELP_FORMATTER_H_
#define STEREOFARM_COORDINATOR_CLI_HELP_FORMATTER_H_

#include <string>

#include "CLI/CLI.hpp"

namespace stereofarm {

// How --help looks: what an option takes and its default, and nothing of CLI11's own notes.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(30); }
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override;
};

// One sentence about what CLI11 found wrong on the command line of `program`.
std::string UsageError(const CLI::App& program, const CLI::ParseError& error, int argc,
                       const char* const* argv);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_HELP_FORMATTER_H_
