#include <stdio.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "common/base/log.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/film_cuts.h"
#include "coordinator/cli/probe_report.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"

namespace stereofarm {
namespace {

struct Arguments {
  std::string input;
  bool no_cuts = false;
  OutputArguments output;
};

absl::StatusOr<ProbedFilm> ProbeFilm(const Arguments& arguments) {
  ProbedFilm film;
  film.file = std::filesystem::absolute(arguments.input).lexically_normal();
  SF_ASSIGN_OR_RETURN(film.media, Probe(film.file));
  SF_ASSIGN_OR_RETURN(FrameIndex index, BuildFrameIndex(film.file));
  film.index = std::make_shared<const FrameIndex>(std::move(index));
  if (arguments.no_cuts) return film;
  const int64_t frames = film.index->frame_count();
  const bool shown = isatty(STDERR_FILENO) != 0 && !arguments.output.quiet;
  SF_ASSIGN_OR_RETURN(film.cuts, FindFilmCuts(film.file, film.index, [&](int64_t done) {
                        if (!shown) return;
                        fprintf(stderr, "\r\x1b[2Klooking for cuts: %d %%",
                                static_cast<int>(100 * done / frames));
                        if (done == frames) fprintf(stderr, "\r\x1b[2K");
                      }));
  return film;
}

int RunProbe(const Arguments& arguments) {
  EndOnInterrupt();
  if (arguments.output.quiet) SetMinimumLogLevel(LogLevel::kError);
  const auto film = ProbeFilm(arguments);
  if (!film.ok()) return Fail(kExitBadInput, film.status());
  if (arguments.output.json) {
    printf("%s\n", ProbeJson(*film).c_str());
  } else if (!arguments.output.quiet) {
    printf("%s", ProbeText(*film).c_str());
  }
  return kExitDone;
}

}  // namespace

Command AddProbeCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "probe", "Tell what the farm sees of a film: frames, times, colour, tracks, cuts");
  command->add_option("IN", arguments->input, "The film to look at")->required();
  command->add_flag("--no-cuts", arguments->no_cuts,
                    "Don't look for cuts, which decodes the whole film");
  AddOutputOptions(command, &arguments->output,
                   "One JSON object, with every frame's timestamp in pts");
  command->footer("Example:\n  stereofarm probe film.mov --json | jq .cuts");
  return {command, [arguments] { return RunProbe(*arguments); }};
}

}  // namespace stereofarm
