namespace Plume.Cli.Errors;

/// <summary>The numbers with which <c>plume</c> ends; docs/errors.md explains them.</summary>
enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>The command line or the experiment is wrong; nothing was started.</summary>
    Usage = 1,

    /// <summary>A data set, model or payload is missing or damaged.</summary>
    Input = 2,

    /// <summary>The run folder or an output file cannot be used.</summary>
    Output = 3,

    /// <summary>The federation or the training cannot go on.</summary>
    Run = 4,

    /// <summary>A defect in Plume.</summary>
    Defect = 70,

    /// <summary>Stopped by Ctrl-C: a federation at a round boundary, other work at once.</summary>
    Stopped = 130,
}
