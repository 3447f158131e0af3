#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "common/base/file_system.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "common/media/png.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/conversion.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/frame_time.h"
#include "coordinator/cli/preflight.h"
#include "coordinator/cli/private_farm.h"
#include "coordinator/cli/settings_options.h"
#include "coordinator/cli/shared_options.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Frames on either side of the one that's wanted: what motion shows of their depth, and the range
// of depths that this is a part of.
constexpr int64_t kContextFrames = 16;

struct Arguments {
  SettingsArguments settings;
  WorkerArguments worker;
  std::string at;
  bool quiet = false;
};

// A new folder below the system's one for temporary files, removed with the object.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    std::string path = (parent / "stereofarm-preview-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return absl::PermissionDeniedError(
          "cannot make a folder for the preview's work; set TMPDIR to one that can be written");
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
  }
  ~TemporaryFolder() { RemoveTree(path_).IgnoreError(); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

absl::Status WriteFrame(const fs::path& film, int64_t number, const fs::path& picture) {
  SF_ASSIGN_OR_RETURN(FrameIndex read_index, BuildFrameIndex(film));
  const auto index = std::make_shared<const FrameIndex>(std::move(read_index));
  SF_ASSIGN_OR_RETURN(const auto reader, FrameReader::Open(film, index, {number, number + 1}));
  SF_ASSIGN_OR_RETURN(const std::optional<DecodedFrame> frame, reader->Next());
  if (!frame) return absl::InternalError("the preview has no frame");
  ColorConverter converter(index->video.color);
  SF_ASSIGN_OR_RETURN(const Image rgb,
                      converter.ToRgb(frame->picture, index->video.width, index->video.height));
  return WritePng(picture, rgb);
}

int RunPreview(const Arguments& arguments) {
  SignalWatch signals;
  const auto time = ParseFrameTime(arguments.at);
  if (!time.ok()) return Fail(kExitUsage, time.status());
  const fs::path picture = fs::absolute(arguments.settings.output).lexically_normal();
  if (picture.extension() != ".png") {
    return Fail(kExitUsage, absl::InvalidArgumentError("-o: the picture is a PNG; give it a name "
                                                       "that ends in .png"));
  }
  auto devices = WorkerDevices(arguments.worker.device, arguments.worker.workers);
  if (!devices.ok()) return Fail(kExitUsage, devices.status());
  auto settings = BuildSettings(arguments.settings);
  if (!settings.ok()) return Fail(ExitCodeOfSettings(settings.status()), settings.status());
  // The picture is an output like any film until here.
  if (const absl::Status status = CheckInputAndOutputs(*settings); !status.ok()) {
    return Fail(kExitBadInput, status);
  }
  const auto index = BuildFrameIndex(settings->input);
  if (!index.ok()) return Fail(kExitBadInput, index.status());
  const auto frame = FrameAt(*index, *time);
  if (!frame.ok()) return Fail(kExitBadInput, frame.status());
  const auto folder = TemporaryFolder::Make();
  if (!folder.ok()) return Fail(kExitBadInput, folder.status());

  Conversion conversion;
  conversion.settings = *std::move(settings);
  const FrameRange range =
      FrameRange{*frame, *frame + 1}.Grow(kContextFrames, {0, index->frame_count()});
  conversion.settings.range = range;
  const fs::path film = (*folder)->path() / "preview.mkv";
  conversion.settings.outputs.front().file = film.string();
  conversion.worker_devices = *std::move(devices);
  conversion.work_dir = (*folder)->path() / "work";
  conversion.can_go_on = false;
  const auto reporter = NewJobReporter(ReportMode::kQuiet);
  if (const int code = RunConversion(conversion, &signals, reporter.get()); code != kExitDone) {
    return code;
  }
  if (const absl::Status status = WriteFrame(film, *frame - range.begin, picture); !status.ok()) {
    return Fail(kExitBadInput, status);
  }
  if (!arguments.quiet) {
    printf("%s: frame %lld, at %.3f s\n", picture.c_str(), static_cast<long long>(*frame),
           index->SecondsOf(*frame) - index->SecondsOf(0));
  }
  return kExitDone;
}

}  // namespace

Command AddPreviewCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  arguments->settings.codec = "ffv1";
  CLI::App* command =
      program->add_subcommand("preview", "Write one frame as the finished film will have it");
  command->add_option("IN", arguments->settings.input, "The film to read")->required();
  command
      ->add_option("--at", arguments->at,
                   "Which frame: seconds from the start, h:m:s or a frame's\n"
                   "number with an f (1500f)")
      ->type_name("TIME")
      ->required();
  command->add_option("-o,--output", arguments->settings.output, "The picture to write, a PNG")
      ->type_name("PICTURE.png")
      ->required();
  AddPictureOptions(command, &arguments->settings);
  AddWorkerOptions(command, &arguments->worker);
  command->add_flag("--quiet", arguments->quiet, "Errors only")->group("What is printed");
  AddTestOptions(command, &arguments->settings);
  command->footer(
      "Depth comes from the frames around it. In the film it's measured by the whole shot, so "
      "that\n"
      "near and far may lie a little further out there.\n"
      "\n"
      "Examples:\n"
      "  stereofarm preview film.mov --at 1:02:03 -o frame.png\n"
      "  stereofarm preview film.mov --at 1500f --layout grid --budget 2.5 -o grid.png");
  return {command, [arguments] { return RunPreview(*arguments); }};
}

}  // namespace stereofarm
