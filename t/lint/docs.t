#!/usr/bin/perl
# Every setting, keyword, command, option, action, metric, control command and
# reply variable stands in a manual page.
use strict;
use warnings;
use Test::More;

my $src = $ENV{srcdir} // '.';
my $build = $ENV{builddir} // '.';
my $postern = "$build/postern";

plan skip_all => 'postern is not built' unless -x $postern;

sub slurp {
	my ($path) = @_;
	open my $fh, '<', $path or return undef;
	local $/;
	return scalar <$fh>;
}

# A page without its mdoc escapes.
sub page {
	my ($path) = @_;
	my $text = slurp($path);
	ok(defined $text, "$path is there") or return '';
	$text =~ s/\\-/-/g;
	$text =~ s/\\e/\\/g;
	return $text;
}

sub run {
	my (@words) = @_;
	open my $fh, '-|', $postern, @words or die "$postern: $!";
	my $out = do { local $/; <$fh> };
	close $fh;
	is($? >> 8, 0, "postern @words");
	return $out // '';
}

# Rows of an X-macro table: MACRO(name, ...
sub rows {
	my ($path, $macro) = @_;
	my $text = slurp("$src/milter/$path");
	ok(defined $text, "$path is there") or return ();
	$text =~ s{/\*.*?\*/}{}sg;
	$text =~ s/^#.*(?:\\\n.*)*$//mg;
	my @name = $text =~ /^\s*$macro\((\w+)/mg;
	cmp_ok(scalar @name, '>', 0, "$path has rows");
	return @name;
}

# None of @names may be missing from the page as a whole word.
sub all_in {
	my ($what, $page, @names) = @_;
	my @missing = grep { $page !~ /(?<![\w-])\Q$_\E(?![\w-])/ } @names;
	is_deeply(\@missing, [], "$what are documented");
}

my $conf = page("$build/doc/man/postern.conf.5");
my $rules = page("$build/doc/man/postern-rules.5");
my $tool = page("$src/doc/man/postern.1");
my $daemon = page("$src/doc/man/posternd.8");

# settings: also that the page is of this program, and not of an older one
my $settings = run('conf', '-c', '/dev/null', '--json');
my @settings = $settings =~ /^\{"name":"(\w+)"/mg;
cmp_ok(scalar @settings, '>', 30, 'there are settings');
all_in('settings', $conf, @settings);
my $generated = run('conf', '-c', '/dev/null', '--manual', 'settings');
$generated =~ s/\\-/-/g;
$generated =~ s/\\e/\\/g;
ok(index($conf, $generated) >= 0, 'postern.conf(5) is up to date');
my $example = slurp("$build/doc/postern.conf.example") // '';
all_in('settings in the example', $example, @settings);
my @meaning = $settings =~ /"meaning":"((?:[^"\\]|\\.)*)"/g;
is(scalar(grep { length > 10 } @meaning), scalar @settings,
    'each setting has a meaning');

all_in('variables', $conf, rows('policy/reply_variables.def', 'VARIABLE'));
all_in('keywords', $rules, rows('rule/keyword.def', 'KEYWORD'));
# A setting that is kept must be read by someone; else it is an UNUSED one.
my $sources = join '', map { slurp($_) // '' } grep { !m{/rule/keyword\.def$} } glob "$src/milter/*/*.[ch] $src/milter/*/*.def";
my %word = map { $_ => 1 } $sources =~ /\w+/g;
my @kept = (slurp("$src/milter/rule/keyword.def") // '') =~ /^KEYWORD\(\w+, (\w+), SETTING,/mg;
cmp_ok(scalar @kept, '>', 50, 'there are keywords that are kept');
is(join(' ', grep { !$word{$_} } @kept), '', 'each of them is read by someone');
all_in('actions', $conf,
    qw(reject tempfail quarantine tag discard shadow accept));
all_in('actions of rules', $rules,
    qw(reject tempfail quarantine tag discard shadow));

# commands, and each of their options in the part about them
my $help = run('--help');
for my $command (rows('cli/commands.def', 'COMMAND')) {
	like($help, qr/^  \Q$command\E\s/m, "--help names $command");
	my ($part) = $tool =~ /^\.Ss postern $command\b(.*?)(?=^\.S[sh] )/ms;
	ok(defined $part, "postern.1 has a part about $command") or next;
	my $options = run($command, '--help');
	my @long = grep { $_ ne 'help' } $options =~ /--([a-z][a-z-]*)/g;
	my @missing = grep { $tool !~ /(?:\bFl |, )-\Q$_\E(?![\w-])/ } @long;
	is_deeply(\@missing, [], "options of $command are documented");
}

all_in('stages', $tool, rows('match/stage.def', 'STAGE'));
all_in('metrics', $daemon, rows('daemon/metrics.def', 'METRIC'));
all_in('control commands', $daemon, rows('daemon/control.def', 'CONTROL'));

done_testing();
