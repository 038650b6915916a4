namespace FocalNet.Trainer.Kernels;

/// <summary>Which of a network's two plans.</summary>
internal enum PlanMode
{
    Inference,
    Training,
}
