#include "coordinator/cli/settings_options.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/depth_setting.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

std::string Absolute(const std::string& path) {
  return fs::absolute(path).lexically_normal().string();
}

bool HasCrf(const std::string& codec) { return codec == "libx264" || codec == "libx265"; }

// "KEY=VALUE", both with something in them.
absl::StatusOr<std::pair<std::string, std::string>> SplitPair(const std::string& option,
                                                              const std::string& text,
                                                              const std::string& form) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: '%s' is not of the form %s", option, text, form));
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

absl::Status SetOutputs(const SettingsArguments& arguments, JobSettings* settings) {
  OutputSpec first;
  SF_ASSIGN_OR_RETURN(first.layout, ParseLayout(arguments.layout));
  first.file = Absolute(arguments.output);
  settings->outputs.push_back(first);
  for (const std::string& text : arguments.also) {
    SF_ASSIGN_OR_RETURN(const auto pair, SplitPair("--also", text, "LAYOUT=FILE"));
    OutputSpec output;
    SF_ASSIGN_OR_RETURN(output.layout, ParseLayout(pair.first));
    output.file = Absolute(pair.second);
    settings->outputs.push_back(output);
  }
  return absl::OkStatus();
}

absl::Status SetExports(const SettingsArguments& arguments, JobSettings* settings) {
  for (const std::string& text : arguments.export_depth) {
    SF_ASSIGN_OR_RETURN(const auto pair, SplitPair("--export-depth", text, "FORMAT=DIR"));
    ExportSpec each;
    SF_ASSIGN_OR_RETURN(each.format, ParseExportFormat(pair.first));
    each.folder = Absolute(pair.second);
    // "depth/" is the folder depth.
    if (each.folder.size() > 1 && each.folder.ends_with('/')) each.folder.pop_back();
    settings->exports.push_back(each);
  }
  return absl::OkStatus();
}

// Workers run in other folders than the user.
std::string AbsoluteDepth(const std::string& depth) {
  DepthSetting setting = ParseDepthSetting(depth);
  if (!setting.path.empty()) setting.path = Absolute(setting.path);
  return setting.Text();
}

absl::Status SetEncoder(const SettingsArguments& arguments, JobSettings* settings) {
  settings->codec = arguments.codec;
  settings->pixel_format = arguments.pixel_format;
  settings->crf.reset();
  settings->encoder_options.clear();
  if (HasCrf(arguments.codec)) {
    settings->crf = 18;
    settings->encoder_options["preset"] = "medium";
  }
  for (const std::string& text : arguments.encoder_options) {
    SF_ASSIGN_OR_RETURN(const auto pair, SplitPair("--set", text, "ENCODER_OPTION=VALUE"));
    settings->encoder_options[pair.first] = pair.second;
    // Another way to say how good the picture gets stands in for the default.
    if (pair.first == "b" || pair.first == "qp") settings->crf.reset();
    if (pair.first == "crf") {
      return absl::InvalidArgumentError("--set crf=…: give it as --crf N");
    }
  }
  if (arguments.crf >= 0) settings->crf = arguments.crf;
  return absl::OkStatus();
}

}  // namespace

void AddPictureOptions(CLI::App* command, SettingsArguments* arguments) {
  const std::string group = "Stereo picture";
  command
      ->add_option("--layout", arguments->layout,
                   "How the two eyes lie in the picture: sbs, half-sbs, tab,\n"
                   "half-tab, anaglyph, left, right, depth or grid")
      ->type_name("LAYOUT")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--budget", arguments->budget,
                   "Parallax between far and near, in percent of the\n"
                   "picture's width: 0 to 20")
      ->type_name("PCT")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--convergence", arguments->convergence,
                   "Depth that lies in the screen: 0 (far, everything\n"
                   "comes out) to 1 (near, everything lies behind it)")
      ->type_name("D")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--cut-jump", arguments->cut_jump,
                   "The most that the far, the middle or the near part of\n"
                   "the picture may jump at a cut, in percent of its width:\n"
                   "the depth of both shots is eased around it; 0: as it is")
      ->type_name("PCT")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--rig", arguments->rig,
                   "A physical rig instead, fx=PX,baseline=M,convergence=M;\n"
                   "only with metric depth")
      ->type_name("RIG")
      ->group(group);
  command
      ->add_option("--synthesize", arguments->synthesize,
                   "Which eye is made: right, left or both; the other one\n"
                   "is the source, untouched")
      ->type_name("EYE")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--resample", arguments->resample,
                   "How what both eyes see is brought to the made one:\n"
                   "soft (as smooth as half a pixel of blur), bicubic (as\n"
                   "sharp as the source) or splat (between two pixels)")
      ->type_name("KERNEL")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--depth", arguments->depth,
                   "Where depth comes from: parallax (built in),\n"
                   "exr:DIR (one file a frame), torchscript:FILE, or a\n"
                   "network of `stereofarm models list`, with its weights\n"
                   "where that keeps them or in a file: NAME:FILE;\n"
                   "parallax+raft-small and -large: with that flow")
      ->type_name("MODEL")
      ->capture_default_str()
      ->group(group);
  command
      ->add_flag("--raw-depth", arguments->raw_depth,
                 "Take a network's depth as it comes, frame by frame,\n"
                 "without the filter over time that steadies it")
      ->group(group);
  command
      ->add_option("--depth-exr", arguments->depth_exr,
                   "What the files of exr:DIR hold where they don't say:\n"
                   "z (metres) or inverse")
      ->type_name("KIND")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--inpaint", arguments->inpaint,
                   "How what the other eye uncovers is filled: background\n"
                   "(from the film's other frames where they show it),\n"
                   "background+mean (what both eyes see is averaged over\n"
                   "time too: less grain) or stretch")
      ->type_name("MODEL")
      ->capture_default_str()
      ->group(group);
}

void AddEncodingOptions(CLI::App* command, SettingsArguments* arguments) {
  const std::string group = "Encoding";
  command
      ->add_option("--also", arguments->also,
                   "A further film with another layout from the same job;\n"
                   "may be given again")
      ->type_name("LAYOUT=FILE")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_option("--export-depth", arguments->export_depth,
                   "Depth as files, one for each frame, in a folder of its\n"
                   "own: exr, exr-half, exr-metres, png16 or npz; may be\n"
                   "given again")
      ->type_name("FORMAT=DIR")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_option("--codec", arguments->codec,
                   "FFmpeg's name of an encoder: libx264, libx265, prores,\n"
                   "ffv1, …")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--crf", arguments->crf,
                   "Quality, smaller is better; 18 for libx264 and libx265,\n"
                   "not set for others")
      ->type_name("N")
      ->check(CLI::Range(0, 63).description(""))
      ->group(group);
  command
      ->add_option("--pix-fmt", arguments->pixel_format,
                   "FFmpeg's name of a pixel format; the source's, or the\n"
                   "nearest that the encoder takes")
      ->type_name("F")
      ->group(group);
  command
      ->add_option("--set", arguments->encoder_options,
                   "An option of the encoder (preset=medium for libx264 and\n"
                   "libx265); may be given again")
      ->type_name("OPTION=VALUE")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddFarmingOptions(CLI::App* command, SettingsArguments* arguments) {
  const std::string group = "Work";
  command
      ->add_option("--range", arguments->range, "Only frames A up to but without B, counted from 0")
      ->type_name("A:B")
      ->group(group);
  command
      ->add_option("--shard-frames", arguments->shard_frames,
                   "Frames that one task works on, at most")
      ->type_name("N")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--overlap", arguments->overlap,
                   "Frames that neighbouring tasks share on either side")
      ->type_name("N")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--seam-gate", arguments->seam_gate,
                   "Where the depth of neighbouring tasks differs by more,\n"
                   "in percent of picture width, they run again with more\n"
                   "overlap, at most twice; 0: never")
      ->type_name("PCT")
      ->capture_default_str()
      ->group(group);
  command
      ->add_option("--exr", arguments->exr,
                   "OpenEXR files behind the depth stage only, or behind all\n"
                   "stages: depth or all; the film is the same")
      ->type_name("STAGES")
      ->capture_default_str()
      ->group(group);
  command
      ->add_flag("--keep", arguments->keep,
                 "Keep depth and segments when the film is done; a changed\n"
                 "picture option then runs without depth")
      ->group(group);
}

void AddSpaceOption(CLI::App* command, bool* no_space_check) {
  command
      ->add_flag("--no-space-check", *no_space_check,
                 "Begin even if the disks look too small for the film and\n"
                 "its intermediates")
      ->group("Work");
}

void AddTestOptions(CLI::App* command, SettingsArguments* arguments) {
  command
      ->add_option("--perturb-depth", arguments->perturb_depth,
                   "Scales and shifts every shard's raw depth at random from\n"
                   "this seed, to see that no seam shows; 0: not")
      ->type_name("SEED")
      ->group("Testing");
}

absl::StatusOr<JobSettings> BuildSettings(const SettingsArguments& arguments) {
  JobSettings settings;
  settings.input = Absolute(arguments.input);
  SF_RETURN_IF_ERROR(SetOutputs(arguments, &settings));
  SF_RETURN_IF_ERROR(SetExports(arguments, &settings));
  settings.depth = AbsoluteDepth(arguments.depth);
  if (arguments.depth_exr != "z" && arguments.depth_exr != "inverse") {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--depth-exr: '%s' is not known; use one of z, inverse", arguments.depth_exr));
  }
  settings.depth_exr_inverse = arguments.depth_exr == "inverse";
  settings.stabilise = !arguments.raw_depth;
  settings.perturb_depth_seed = arguments.perturb_depth;
  settings.inpaint = arguments.inpaint;
  settings.budget_percent = arguments.budget;
  settings.convergence = arguments.convergence;
  settings.cut_jump_percent = arguments.cut_jump;
  if (!arguments.rig.empty()) {
    SF_ASSIGN_OR_RETURN(settings.rig, ParseRig(arguments.rig));
  }
  SF_ASSIGN_OR_RETURN(settings.synthesize, ParseEye(arguments.synthesize));
  SF_ASSIGN_OR_RETURN(settings.resample, ParseResample(arguments.resample));
  SF_RETURN_IF_ERROR(SetEncoder(arguments, &settings));
  settings.shard_frames = arguments.shard_frames;
  settings.overlap = arguments.overlap;
  settings.seam_gate_percent = arguments.seam_gate;
  if (arguments.exr != "depth" && arguments.exr != "all") {
    return absl::InvalidArgumentError(
        absl::StrFormat("--exr: '%s' is not known; use one of depth, all", arguments.exr));
  }
  settings.exr = arguments.exr == "all" ? ExrMode::kAll : ExrMode::kDepth;
  if (!arguments.range.empty()) {
    SF_ASSIGN_OR_RETURN(settings.range, ParseRange(arguments.range));
  }
  settings.keep = arguments.keep;
  for (const OutputSpec& output : settings.outputs) {
    if (output.file == settings.input) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%s is the film to read, too; name another file to write", output.file));
    }
  }
  SF_RETURN_IF_ERROR(ValidateSettings(settings));
  return settings;
}

ExitCode ExitCodeOfSettings(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) ? kExitBadInput : kExitUsage;
}

}  // namespace stereofarm
