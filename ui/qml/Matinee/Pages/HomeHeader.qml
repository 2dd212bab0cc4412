pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// What stands above the catalogue: the bar, one large title, what the viewer has begun.
FocusScope {
    id: root

    required property QtObject home
    required property string viewer
    property bool withDownloads: false
    property bool severalProfiles: false
    readonly property bool roomy: width >= Theme.px(1200) * Theme.textScale

    signal titleChosen(string titleId) // to its page
    signal playChosen(string titleId)
    signal showSearch()
    signal showMyList()
    signal switchProfile()
    signal showDownloads()
    signal openStream()
    signal showSettings()
    signal signOut()
    signal passed() // Down from the last row

    readonly property bool withContinue: home.continueWatching.count > 0
    readonly property bool withFeatured: home.featured.count > 0

    height: (withFeatured ? banner.height : bar.height + Theme.wide) + (withContinue ? continueRow.height : 0)

    // Focus the row nearest to the catalogue, or the furthest.
    function enterFromBelow() {
        if (withContinue)
            begun.forceActiveFocus(Qt.OtherFocusReason)
        else if (withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.enter()
    }
    function enterFirst() {
        if (withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.enter()
    }
    function goDown() {
        if (actions.activeFocus && withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else if (!begun.activeFocus && withContinue)
            begun.forceActiveFocus(Qt.OtherFocusReason)
        else
            passed()
    }
    function goUp() {
        if (begun.activeFocus && withFeatured)
            banner.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.enter()
    }
    Keys.onDownPressed: goDown()
    Keys.onUpPressed: goUp()
    // Whatever had the focus may be gone after the catalogue came anew.
    onWithContinueChanged: if (activeFocus && !withContinue && begun.focus) enterFirst()
    onWithFeaturedChanged: if (activeFocus && !withFeatured && banner.focus) enterFirst()

    ListView {
        id: banner
        objectName: "featured"
        width: root.width
        height: Theme.px(392)
        interactive: false
        keyNavigationEnabled: false
        visible: root.withFeatured
        model: root.home.featured
        delegate: FocusScope {
            id: hero

            required property string titleId
            required property string name
            required property string facts
            required property string synopsis
            required property string remaining
            required property real progress
            required property string poster

            width: banner.width
            height: banner.height

            Item {
                anchors { right: parent.right; top: parent.top }
                height: parent.height
                width: Math.round(Math.min(parent.width * 0.72, height * 16 / 9 * 1.15))
                Image {
                    anchors.fill: parent
                    source: hero.poster
                    sourceSize.width: width
                    asynchronous: true
                    fillMode: Image.PreserveAspectCrop
                    opacity: status === Image.Ready ? 1 : 0
                    Behavior on opacity { NumberAnimation { duration: Theme.calm } }
                    Accessible.ignored: true
                }
                Rectangle {
                    anchors.fill: parent
                    gradient: Gradient {
                        orientation: Gradient.Horizontal
                        GradientStop { position: 0; color: Theme.background }
                        GradientStop { position: 0.55; color: Theme.veil }
                    }
                }
                Rectangle {
                    anchors.fill: parent
                    gradient: Gradient {
                        GradientStop { position: 0; color: Theme.veilDeep }
                        GradientStop { position: 0.3; color: Theme.veil }
                        GradientStop { position: 0.62; color: Theme.veil }
                        GradientStop { position: 1; color: Theme.background }
                    }
                }
            }
            Column {
                anchors { left: parent.left; leftMargin: Theme.margin; bottom: parent.bottom; bottomMargin: Theme.px(36) }
                width: Math.min(parent.width * 0.5, Theme.px(560))
                spacing: Theme.px(12)
                Label {
                    width: parent.width
                    text: hero.name
                    font.pixelSize: Theme.hero
                    font.weight: Font.Bold
                    font.letterSpacing: -0.5
                    wrapMode: Text.Wrap
                    maximumLineCount: 2
                    Accessible.role: Accessible.Heading
                }
                Label { text: hero.facts; color: Theme.muted }
                Label {
                    width: parent.width
                    text: hero.synopsis
                    wrapMode: Text.Wrap
                    maximumLineCount: 3
                    lineHeight: 1.2
                    color: Theme.soft
                    visible: text
                }
                Item { width: 1; height: Theme.tiny }
                FocusRow {
                    spacing: Theme.gap
                    focus: true
                    ActionButton {
                        objectName: "playFeatured"
                        text: hero.progress > 0 ? qsTr("Resume") : qsTr("Play")
                        icon: "play"
                        name: text + " " + hero.name
                        primary: true
                        focus: true
                        onPressed: root.playChosen(hero.titleId)
                    }
                    ActionButton {
                        objectName: "moreFeatured"
                        text: qsTr("Details")
                        icon: "info"
                        name: qsTr("Details of %1").arg(hero.name)
                        onPressed: root.titleChosen(hero.titleId)
                    }
                    Label {
                        anchors.verticalCenter: parent.verticalCenter
                        text: hero.remaining
                        color: Theme.muted
                        visible: text
                    }
                }
            }
        }
    }

    Item {
        id: continueRow
        y: root.withFeatured ? banner.y + banner.height : bar.y + bar.height + Theme.wide
        width: root.width
        height: heading.height + Theme.gap + begun.height + Theme.wide
        visible: root.withContinue
        Label {
            id: heading
            x: Theme.margin
            text: qsTr("Continue watching")
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        ListView {
            id: begun
            objectName: "continueWatching"
            anchors { top: heading.bottom; topMargin: Theme.gap }
            width: root.width
            height: Theme.posterWidth / Theme.posterAspect + Theme.px(56)
            orientation: ListView.Horizontal
            spacing: Theme.gap
            leftMargin: Theme.margin
            rightMargin: Theme.margin
            reuseItems: true
            cacheBuffer: 400
            boundsBehavior: Flickable.StopAtBounds
            highlightMoveDuration: Theme.calm
            highlightMoveVelocity: -1
            highlightRangeMode: ListView.ApplyRange
            preferredHighlightBegin: Theme.margin
            preferredHighlightEnd: width - Theme.margin - Theme.posterWidth
            model: root.home.continueWatching
            Accessible.role: Accessible.List
            Accessible.name: heading.text
            Keys.priority: Keys.AfterItem
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
            delegate: PosterCard {
                required property int index
                required property string titleId
                required property string remaining
                required name
                objectName: "continue_" + index
                text: name
                facts: remaining
                required poster
                required progress
                onPressed: {
                    begun.currentIndex = index
                    root.playChosen(titleId)
                }
            }
        }
    }

    Item {
        id: bar
        function enter() { actions.enter() }
        width: root.width
        height: Theme.px(84)
        Wordmark {
            anchors { left: parent.left; leftMargin: Theme.margin; verticalCenter: parent.verticalCenter }
        }
        FocusRow {
            id: actions
            objectName: "actions"
            anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: parent.verticalCenter }
            IconButton {
                objectName: "openSearch"
                icon: "search"
                caption: root.roomy ? name : ""
                name: qsTr("Search")
                focus: true
                onPressed: root.showSearch()
            }
            IconButton {
                objectName: "openMyList"
                icon: "plus"
                caption: root.roomy ? name : ""
                name: qsTr("My list")
                onPressed: root.showMyList()
            }
            IconButton {
                objectName: "openDownloads"
                icon: "download"
                caption: root.roomy ? name : ""
                name: qsTr("Downloads")
                visible: root.withDownloads
                onPressed: root.showDownloads()
            }
            IconButton {
                objectName: "openStream"
                icon: "link"
                caption: root.roomy ? name : ""
                name: qsTr("Open stream")
                onPressed: root.openStream()
            }
            IconButton {
                objectName: "openSettings"
                icon: "settings"
                caption: root.roomy ? name : ""
                name: qsTr("Settings")
                onPressed: root.showSettings()
            }
            IconButton {
                objectName: "signOut"
                icon: "sign-out"
                caption: root.roomy ? qsTr("Sign out") : ""
                name: qsTr("Sign out %1").arg(root.viewer)
                onPressed: root.signOut()
            }
            // Who watches; where there are several, the way to the others.
            Pressable {
                id: person
                objectName: "switchProfile"
                name: root.severalProfiles ? qsTr("Switch profile, now %1").arg(root.viewer)
                                           : qsTr("Signed in as %1").arg(root.viewer)
                width: Theme.control
                height: width
                corner: width / 2
                enabled: root.severalProfiles
                visible: root.viewer
                Accessible.role: root.severalProfiles ? Accessible.Button : Accessible.StaticText
                onPressed: root.switchProfile()
                Rectangle {
                    anchors.fill: parent
                    radius: width / 2
                    color: person.activeFocus || person.hovered ? Theme.raisedHover : Theme.raised
                }
                Label {
                    anchors.centerIn: parent
                    text: root.viewer.charAt(0).toUpperCase()
                    color: Theme.accent
                    font.weight: Font.DemiBold
                    Accessible.ignored: true
                }
            }
        }
    }
}
