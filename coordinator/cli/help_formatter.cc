#include "coordinator/cli/help_formatter.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_format.h"

namespace stereofarm {

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  std::string text;
  if (!option->get_positional() && option->get_type_size() != 0) {
    text += " " + option->get_type_name();
  }
  const std::string fallback = option->get_default_str();
  if (!fallback.empty()) text += " (" + fallback + ")";
  return text;
}

std::string HelpFormatter::make_group(std::string group, bool is_positional,
                                      std::vector<const CLI::Option*> options) const {
  // CLI11 puts an empty line between the groups of options, but none before the first.
  const bool is_first = is_positional || group == get_label("Options");
  std::string text = (is_first ? "\n" : "") + group + ":\n";
  for (const CLI::Option* option : options) text += make_option(option, is_positional);
  return text;
}

std::string UsageError(const CLI::App& program, const CLI::ParseError& error, int argc,
                       const char* const* argv) {
  std::string command = "stereofarm";
  const CLI::App* chosen = &program;
  int words = 1;
  for (; !chosen->get_subcommands().empty(); ++words) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  std::string what = error.what();
  // One that has commands of its own, none of which was named.
  if (!chosen->get_subcommands([](const CLI::App*) { return true; }).empty()) {
    const std::string before = command.substr(std::min(command.size(), sizeof("stereofarm")));
    what = argc > words && argv[words][0] != '-'
               ? absl::StrFormat("there is no command '%s%s%s'", before, before.empty() ? "" : " ",
                                 argv[words])
           : error.get_name() == "ExtrasError" ? what
                                               : "name a command";
  }
  if (const size_t end = what.find('\n'); end != std::string::npos) what.resize(end);
  // Names of arguments are capitals all through; sentences begin with one.
  if (what.size() > 1 && std::islower(static_cast<unsigned char>(what[1])) != 0) {
    what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  }
  return absl::StrFormat("%s; see %s --help", what, command);
}

}  // namespace stereofarm
