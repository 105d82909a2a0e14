using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Wire;
using Plume.Learning.Inference;
using Plume.Models.Cost;
using Plume.Models.Graph;

namespace Plume.Cli.Evaluation;

/// <summary>A model to measure beside others: what ONNX Runtime makes of its file, and what Plume knows of its graph.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="File">Where its bytes lie.</param>
/// <param name="Graph">What is in them; null where Plume cannot read the file, but ONNX Runtime may.</param>
/// <param name="Unread">Why Plume cannot read it; null where it can.</param>
sealed record ComparedModel(string Name, string File, ModelGraph? Graph, string? Unread = null)
{
    /// <summary>The learned values.</summary>
    public long? Parameters => Graph is null ? null : GraphCost.ParametersOf(Graph);

    /// <summary>A model that was read from a file.</summary>
    public static ComparedModel Read(string file, ModelGraph graph) => new(file, file, graph);

    /// <summary>A model file, read as far as Plume can.</summary>
    /// <exception cref="CliException">The file is missing or of no known kind.</exception>
    public static ComparedModel Read(string file)
    {
        try
        {
            return Read(file, ModelFiles.ReadGraph(file));
        }
        catch (CliException refusal) when (IsOnnx(file) && refusal.InnerException is InvalidPayloadException)
        {
            return new(file, file, null, refusal.Message);
        }
    }

    /// <summary>A model that was written and is not kept yet.</summary>
    public static ComparedModel Written(OutputFile file, ModelGraph graph) => new(file.Path, file.Draft, graph);

    /// <summary>Loads the file into ONNX Runtime.</summary>
    /// <exception cref="CliException">It takes the file no more than Plume does.</exception>
    public RuntimeModel Open()
    {
        try
        {
            return IsOnnx(File) ? RuntimeModel.OpenFile(File, Graph) : new RuntimeModel(Graph!);
        }
        catch (InvalidPayloadException refusal)
        {
            throw new CliException(ExitCode.Input, Unread is null ? refusal.Message : $"{Unread} {refusal.Message}", refusal);
        }
    }

    /// <summary>Multiply-adds of a sample, where the shapes inside are known.</summary>
    public long? MultiplyAdds()
    {
        try
        {
            return Graph is null ? null : GraphCost.Of(Graph).MultiplyAdds;
        }
        catch (InvalidPayloadException)
        {
            // A column of the table that is left empty, beside all that ONNX Runtime measures.
            return null;
        }
    }

    static bool IsOnnx(string path) => Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase);
}
