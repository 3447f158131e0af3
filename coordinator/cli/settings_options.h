#ifndef STEREOFARM_COORDINATOR_CLI_SETTINGS_OPTIONS_H_
#define STEREOFARM_COORDINATOR_CLI_SETTINGS_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "common/base/status.h"
#include "common/farm/job_settings.h"
#include "coordinator/cli/exit_code.h"

namespace stereofarm {

// The job's settings as they stand on a command line.
struct SettingsArguments {
  std::string input;
  std::string output;
  std::string layout = "sbs";
  std::vector<std::string> also;          // LAYOUT=FILE
  std::vector<std::string> export_depth;  // FORMAT=DIR
  std::string depth = "parallax";
  std::string depth_exr = "z";
  std::string inpaint = "background";
  double budget = 2.0;
  bool raw_depth = false;
  double convergence = 0.5;
  std::string rig;
  std::string synthesize = "right";
  std::string resample = "soft";
  std::string codec = "libx264";
  int crf = -1;  // not given
  std::string pixel_format;
  std::vector<std::string> encoder_options;  // KEY=VALUE
  int shard_frames = 96;
  int overlap = 8;
  double seam_gate = 0.1;
  double cut_jump = 0;
  std::string exr = "depth";
  std::string range;
  bool keep = false;
  uint64_t perturb_depth = 0;
};

// Adds the options that decide about the picture; `convert`, `submit` and `preview` have them all.
void AddPictureOptions(CLI::App* command, SettingsArguments* arguments);
// --codec and what belongs to it, --also, --export-depth.
void AddEncodingOptions(CLI::App* command, SettingsArguments* arguments);
// --no-space-check, of commands that begin a whole film.
void AddSpaceOption(CLI::App* command, bool* no_space_check);
// How the film is cut into tasks, --range, --keep.
void AddFarmingOptions(CLI::App* command, SettingsArguments* arguments);

// Options that only tests want; last, so that they stand at the end of the help.
void AddTestOptions(CLI::App* command, SettingsArguments* arguments);

// Settings with absolute paths. InvalidArgument names the option; FailedPrecondition the file that
// can't be what it's meant to be.
absl::StatusOr<JobSettings> BuildSettings(const SettingsArguments& arguments);
ExitCode ExitCodeOfSettings(const absl::Status& status);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_SETTINGS_OPTIONS_H_
